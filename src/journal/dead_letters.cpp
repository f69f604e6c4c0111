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
    ~Work() {
        for (const auto& file : files_) {
            if (file.descriptor >= 0) {
                disk_.close(file.descriptor);
            }
        }
    }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    std::string path(core::Topic topic) const {
        return options_.directory + "/" + std::string(core::base_name(topic)).append(records_suffix);
    }

    bool append(core::Topic topic, std::span<const std::byte> frame) {
        auto& file = files_[core::index(topic)];
        if (file.descriptor < 0 && !open(topic, file)) {
            return false;
        }
        if (file.end + frame.size() > core::limits::dead_letter_bytes ||
            write_at(disk_, file.descriptor, frame, file.end)) {
            return false; // the next one is written over what there is of it
        }
        file.end += frame.size();
        return true;
    }

  private:
    struct File {
        FileSystem::Descriptor descriptor = -1;
        std::uint64_t end = 0;
    };

    bool open(core::Topic topic, File& file) {
        const auto where = path(topic);
        if (open_at(where, file)) {
            return true;
        }
        // What is there is none of ours, or a newer version's: out of the way with it.
        const auto aside = options_.set_aside + "/dead-letter-" + std::string(core::base_name(topic)) + "-" +
                           options_.run + std::string(records_suffix);
        return is_strange_ && disk_.rename(where, aside) && open_at(where, file);
    }

    bool open_at(const std::string& where, File& file) {
        is_strange_ = false;
        const auto descriptor = disk_.lock(where); // of the port's calls the one that opens to write and keeps
        if (!descriptor) {
            return false;
        }
        file.end = take_up(*descriptor);
        if (file.end == 0) {
            disk_.close(*descriptor);
            return false;
        }
        file.descriptor = *descriptor;
        return true;
    }

    // Where the next frame goes; 0 where none can.
    std::uint64_t take_up(FileSystem::Descriptor descriptor) {
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
        FrameReader reader(disk_, descriptor, file_header_bytes);
        while (reader.next()) {
        }
        return reader.failure() ? 0 : reader.good_end();
    }

    FileSystem& disk_;
    Options options_;
    std::array<File, core::topic_count> files_;
    bool is_strange_ = false;
};

DeadLetters::DeadLetters(Outbox& outbox, FileSystem& files, Runner& writer, Options options,
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
