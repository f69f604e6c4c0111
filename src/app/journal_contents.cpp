#include "app/journal_contents.hpp"

#include "app/bucket_counter.hpp"
#include "app/read_only_files.hpp"
#include "journal/delta_entry.hpp"
#include "journal/file_header.hpp"
#include "journal/file_names.hpp"
#include "journal/frame_reader.hpp"
#include "journal/record_frame.hpp"
#include "journal/recovery.hpp"
#include "journal/watermark.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace agent::app {

namespace {

using core::Topic;
using journal::BucketHead;
using journal::FrameType;
using journal::HeaderCheck;

// Counts the entries of frames, whatever is in them.
class EntryCounter final : public journal::DeltaReader, private journal::DeltaTarget {
  public:
    std::uint64_t entries() const { return entries_; }

    journal::DeltaTarget& target() override { return *this; }
    bool wants(const BucketHead&) override {
        ++entries_;
        return false;
    }
    void resolution(std::int64_t) override {}

  private:
    void define(std::uint64_t, core::SeriesType, bool, std::string_view, std::string_view) override {}
    void counter(const BucketHead&, std::int64_t) override {}
    void gauge(const BucketHead&, const journal::GaugeDelta&) override {}
    void digest(const BucketHead&, const journal::DigestDelta&) override {}

    std::uint64_t entries_ = 0;
};

class ContentsReader {
  public:
    ContentsReader(journal::FileSystem& files, const std::string& directory) : files_(files), layout_(directory) {}

    boost::system::result<JournalContents, std::string> read() {
        read_deltas();
        for (const auto topic : core::all_topics) {
            read_topic(topic);
            const auto letters = std::string(core::base_name(topic)).append(journal::records_suffix);
            for (const auto& [name, size_bytes] : list(layout_.dead_letters)) {
                if (name == letters) {
                    read_records(layout_.dead_letters + "/" + name, size_bytes, 0,
                                 contents_.dead_letters[index(topic)]);
                }
            }
        }
        for (const auto& [name, size_bytes] : list(layout_.set_aside)) {
            contents_.set_aside.push_back({name, size_bytes});
        }
        read_open_buckets();
        if (!error_.empty()) {
            return {boost::system::in_place_error, std::move(error_)};
        }
        return std::move(contents_);
    }

  private:
    // A file that was opened; closed at the end.
    struct Opened {
        Opened(journal::FileSystem& its_files, journal::FileSystem::Descriptor its_file)
            : files(its_files), file(its_file) {}
        ~Opened() { files.close(file); }
        Opened(const Opened&) = delete;
        Opened& operator=(const Opened&) = delete;

        journal::FileSystem& files;
        journal::FileSystem::Descriptor file;
    };

    std::vector<journal::DirectoryEntry> list(const std::string& folder) {
        const auto names = files_.list_files(folder);
        if (!names && error_.empty()) {
            error_ = folder + ": " + names.error().message();
        }
        return names ? *names : std::vector<journal::DirectoryEntry>{};
    }

    void note(const std::string& path, std::string what, std::uint64_t places = 1, std::uint64_t bytes = 0) {
        contents_.damage.push_back({path.substr(layout_.root.size() + 1), std::move(what), places, bytes});
    }

    std::unique_ptr<Opened> open(const std::string& path) {
        const auto file = files_.open(path);
        if (!file) {
            if (file.error() != boost::system::errc::no_such_file_or_directory) { // else it has just gone
                note(path, "cannot be read: " + file.error().message());
            }
            return nullptr;
        }
        return std::make_unique<Opened>(files_, *file);
    }

    // False where the file is to be left out.
    bool read_header(const Opened& opened, const std::string& path, std::uint64_t size_bytes, bool is_needed,
                     journal::FileHeader& header) {
        std::array<std::byte, journal::file_header_bytes> bytes{};
        const auto size = files_.read_at(opened.file, bytes, 0);
        if (!size) {
            note(path, "cannot be read: " + size.error().message());
            return false;
        }
        switch (journal::decode(std::span(bytes).first(*size), header)) {
        case HeaderCheck::good: return true;
        case HeaderCheck::newer:
            contents_.newer.push_back({path.substr(layout_.root.size() + 1), size_bytes});
            return false;
        case HeaderCheck::damaged: break;
        }
        if (size_bytes <= journal::file_header_bytes) {
            return false; // killed while it was made
        }
        note(path, is_needed ? "its header is damaged: a start sets it aside" : "its header is damaged");
        return !is_needed;
    }

    void note_damage_of(const journal::FrameReader& reader, const std::string& path, std::uint64_t bad_frames) {
        if (const auto places = reader.damaged_places() + bad_frames; places != 0) {
            note(path, "places that are no whole frame", places, reader.damaged_bytes());
        }
        if (reader.failure()) {
            note(path, "cannot be read to its end: " + reader.failure().message());
        }
    }

    void read_deltas() {
        std::uint64_t last_frame = 0;
        for (const auto& [name, size_bytes] : list(layout_.deltas)) {
            const auto number = journal::number_of(name, journal::deltas_suffix);
            const auto path = layout_.deltas + "/" + name;
            const auto opened = number ? open(path) : nullptr;
            journal::FileHeader header;
            if (opened == nullptr || !read_header(*opened, path, size_bytes, false, header)) {
                continue;
            }
            DeltaSegment segment{.file = name, .first_frame = *number, .size_bytes = size_bytes};
            journal::FrameReader reader(files_, opened->file, journal::file_header_bytes);
            EntryCounter counter;
            std::uint64_t bad_frames = 0;
            while (const auto frame = reader.next()) {
                if (frame->header.type != FrameType::deltas || frame->header.sequence <= last_frame) {
                    ++bad_frames;
                    continue;
                }
                segment.last_frame = last_frame = frame->header.sequence;
                bad_frames += journal::read_deltas(frame->payload, counter) ? 0 : 1;
            }
            segment.entries = counter.entries();
            segment.torn_bytes = reader.torn_bytes();
            note_damage_of(reader, path, bad_frames);
            contents_.size_bytes += size_bytes;
            contents_.deltas.push_back(std::move(segment));
        }
    }

    void read_topic(Topic topic) {
        const auto folder = layout_.topic(topic);
        const auto watermark = read_watermark(topic);
        for (const auto& [name, size_bytes] : list(folder)) {
            if (const auto number = journal::number_of(name, journal::records_suffix)) {
                contents_.size_bytes += size_bytes;
                read_records(folder + "/" + name, size_bytes, watermark.answered_in(*number),
                             contents_.records[index(topic)]);
            }
        }
    }

    journal::Watermark read_watermark(Topic topic) {
        const auto path = layout_.watermark(topic);
        const auto opened = open(path);
        if (opened == nullptr) {
            return {};
        }
        std::array<std::byte, journal::watermark_bytes> bytes{};
        journal::Watermark watermark;
        const auto size = files_.read_at(opened->file, bytes, 0);
        if (!size || *size != bytes.size() || !journal::decode(bytes, watermark)) {
            note(path, "is damaged: what was delivered is sent again");
            return {};
        }
        contents_.watermarks[index(topic)] = {watermark.number, watermark.seq};
        return watermark;
    }

    void read_records(const std::string& path, std::uint64_t size_bytes, std::uint64_t answered_seq,
                      RecordCounts& counts) {
        const auto opened = open(path);
        journal::FileHeader header;
        if (opened == nullptr || !read_header(*opened, path, size_bytes, true, header)) {
            return;
        }
        ++counts.files;
        counts.size_bytes += size_bytes;
        journal::FrameReader reader(files_, opened->file, journal::file_header_bytes);
        std::uint64_t bad_frames = 0;
        while (const auto frame = reader.next()) {
            journal::StoredRecord record;
            if (frame->header.type != FrameType::record ||
                !read_record(frame->header.sequence, frame->payload, record)) {
                ++bad_frames;
            } else if (record.seq <= answered_seq) {
                ++counts.answered_records;
            } else {
                count(record, header.run, counts);
            }
        }
        counts.torn_bytes += reader.torn_bytes();
        note_damage_of(reader, path, bad_frames);
    }

    static void count(const journal::StoredRecord& record, const std::string& run, RecordCounts& counts) {
        const bool is_first = counts.records == 0;
        ++counts.records;
        counts.lines += record.lines;
        counts.record_bytes += record.key.size() + record.value.size();
        counts.oldest_ms = is_first ? record.sealed_ms : std::min(counts.oldest_ms, record.sealed_ms);
        counts.newest_ms = is_first ? record.sealed_ms : std::max(counts.newest_ms, record.sealed_ms);
        ++counts.runs[run];
    }

    // By the code that a start uses. What it counts as damage has been found above.
    void read_open_buckets() {
        journal::Damage damage;
        journal::Recovery recovery(files_, layout_, damage); // files_ lets nothing be moved
        if (auto findings = recovery.survey(); findings) {
            BucketCounter counter;
            recovery.replay(*findings, counter);
            contents_.open = counter.counts();
        }
    }

    journal::FileSystem& files_;
    journal::Layout layout_;
    JournalContents contents_;
    std::string error_; // the first one
};

} // namespace

boost::system::result<JournalContents, std::string> read_journal(journal::FileSystem& files,
                                                                 const std::string& directory) {
    const auto root = files.list_files(directory);
    if (!root) {
        return {boost::system::in_place_error, root.error().message()};
    }
    const bool has_lock = std::ranges::find(*root, "lock", &journal::DirectoryEntry::name) != root->end();
    if (!has_lock && !files.list_files(directory + "/deltas")) {
        return {boost::system::in_place_error, "it is no state directory: there is neither lock nor deltas in it"};
    }
    ReadOnlyFiles reading(files);
    return ContentsReader(reading, directory).read();
}

} // namespace agent::app
