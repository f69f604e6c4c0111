#include "journal/dead_letters.hpp"

#include "core/limits.hpp"
#include "journal/disk_work.hpp"
#include "journal/file_header.hpp"
#include "journal/file_names.hpp"
#include "journal/frame_reader.hpp"
#include "journal/outbox.hpp"

#include <array>
#include <span>
#include <utility>
#include <vector>

namespace agent::journal {

class DeadLetters::Work {
  public:
    Work(FileSystem& files, Options options) : disk_(files), options_(std::move(options)) {}

    std::string path(core::Topic topic) const {
        return options_.directory + "/" + std::string(core::base_name(topic)).append(records_suffix);
    }

    // The file is open no longer than this: its lock must not be in the syncer's way, and people may remove it.
    bool append(core::Topic topic, std::span<const std::byte> frame) {
        auto& end = ends_[core::index(topic)];
        const auto where = path(topic);
        if (append_at(where, end, frame)) {
            return true;
        }
        // What is there is none of ours, or a newer version's: out of the way with it.
        const auto aside = options_.set_aside + "/dead-letter-" + std::string(core::base_name(topic)) + "-" +
                           options_.run + std::string(records_suffix);
        return is_strange_ && disk_.rename(where, aside) && append_at(where, end, frame);
    }

  private:
    bool append_at(const std::string& where, std::uint64_t& end, std::span<const std::byte> frame) {
        is_strange_ = false;
        const auto descriptor = disk_.lock(where); // of the port's calls the one that opens to write and keeps
        if (!descriptor) {
            return false;
        }
        end = take_up(*descriptor, end);
        const bool is_written = end != 0 && end + frame.size() <= core::limits::dead_letter_bytes &&
                                !write_at(disk_, *descriptor, frame, end); // else the next one is written over it
        end += is_written ? frame.size() : 0;
        disk_.close(*descriptor);
        return is_written;
    }

    // Where the next frame goes; 0 where none can. `known_end`: as far as this process has got with the file, or 0.
    std::uint64_t take_up(FileSystem::Descriptor descriptor, std::uint64_t known_end) {
        std::array<std::byte, file_header_bytes> bytes{};
        std::size_t there = 0;
        while (there < bytes.size()) {
            const auto size = disk_.read_at(descriptor, std::span(bytes).subspan(there), there);
            if (!size) {
                return 0;
            }
            if (*size == 0) { // new, or killed while it was made
                const FileHeader header{.kind = FileKind::dead_letters, .run = options_.run};
                return write_at(disk_, descriptor, encode(header), 0) ? 0 : file_header_bytes;
            }
            there += *size;
        }
        FileHeader header;
        is_strange_ = decode(bytes, header) != HeaderCheck::good || header.kind != FileKind::dead_letters;
        if (is_strange_) {
            return 0;
        }
        if (known_end != 0) {
            return known_end;
        }
        FrameReader reader(disk_, descriptor, file_header_bytes);
        while (reader.next()) {
        }
        return reader.failure() ? 0 : reader.good_end();
    }

    FileSystem& disk_;
    Options options_;
    std::array<std::uint64_t, core::topic_count> ends_{};
    bool is_strange_ = false;
};

DeadLetters::DeadLetters(Outbox& outbox, FileSystem& files, core::Runner& writer, Options options,
                         std::function<void(const std::string& path)> written)
    : writer_(writer), work_(std::make_shared<Work>(files, std::move(options))), written_(std::move(written)) {
    outbox.set_aside_in(*this);
}

void DeadLetters::append(core::Topic topic, const StoredRecord& record) {
    const auto size_bytes = record_overhead_bytes + record.key.size() + record.value.size();
    if (waiting_bytes_ + size_bytes > core::limits::dead_letter_bytes) { // a disk that hangs must not cost memory
        ++stats_.lost_records;
        return;
    }
    waiting_bytes_ += size_bytes;
    auto frame = std::make_shared<std::vector<std::byte>>();
    append_record_frame(record, *frame);
    auto is_kept = std::make_shared<bool>(false);
    writer_.run([work = work_, topic, frame, is_kept] { *is_kept = work->append(topic, *frame); },
                [this, topic, size_bytes, is_kept] { appended(work_->path(topic), size_bytes, *is_kept); });
}

void DeadLetters::appended(const std::string& path, std::size_t size_bytes, bool is_kept) {
    waiting_bytes_ -= size_bytes;
    if (is_kept) {
        ++stats_.kept_records;
        written_(path);
    } else {
        ++stats_.lost_records;
    }
}

} // namespace agent::journal
