// Memory for what is read from files, used again and again: a fresh block of this size would be given back to the
// kernel and zeroed each time. One thread takes and gives back; whoever holds a buffer may fill it on another.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace agent::tail {

struct Buffer {
    std::unique_ptr<char[]> bytes;
    std::size_t capacity_bytes = 0;
};

class BufferPool {
  public:
    // All of this pool's buffers together, given out or not, are meant to stay below max_bytes: is_full() tells; a
    // single one may pass it.
    explicit BufferPool(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    Buffer take(std::size_t size_bytes) {
        for (auto& free : free_) {
            if (free.capacity_bytes >= size_bytes && free.capacity_bytes <= 2 * size_bytes) {
                std::swap(free, free_.back());
                auto buffer = std::move(free_.back());
                free_.pop_back();
                free_bytes_ -= buffer.capacity_bytes;
                used_bytes_ += buffer.capacity_bytes;
                return buffer;
            }
        }
        while (!free_.empty() && used_bytes_ + free_bytes_ + size_bytes > max_bytes_) {
            free_bytes_ -= free_.back().capacity_bytes;
            free_.pop_back();
        }
        used_bytes_ += size_bytes;
        return {std::unique_ptr<char[]>(new char[size_bytes]), size_bytes}; // not make_unique: it would zero it
    }

    void give_back(Buffer buffer) {
        used_bytes_ -= buffer.capacity_bytes;
        if (buffer.capacity_bytes >= least_kept_bytes &&
            used_bytes_ + free_bytes_ + buffer.capacity_bytes <= max_bytes_) {
            free_bytes_ += buffer.capacity_bytes;
            free_.push_back(std::move(buffer));
        }
    }

    std::size_t used_bytes() const { return used_bytes_; }
    bool is_full() const { return used_bytes_ >= max_bytes_; }

    // Gives what is free back to the system.
    void trim() {
        free_.clear();
        free_bytes_ = 0;
    }

  private:
    static constexpr std::size_t least_kept_bytes = 32 * 1024; // smaller ones the allocator keeps itself

    std::size_t max_bytes_;
    std::size_t used_bytes_ = 0;
    std::size_t free_bytes_ = 0;
    std::vector<Buffer> free_;
};

} // namespace agent::tail
