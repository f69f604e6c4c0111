#include "journal/recovery.hpp"

#include "journal/delta_entry.hpp"
#include "journal/file_names.hpp"
#include "journal/frame_reader.hpp"
#include "journal/record_frame.hpp"

#include <algorithm>
#include <limits>

namespace agent::journal {

namespace {

constexpr std::uint64_t most_file_bytes = 2 * core::limits::outbox_file_bytes + FrameReader::max_frame_bytes;

void note(const FileHeader& header, DeltaLog::Start& last) {
    last.last_frame = std::max(last.last_frame, header.last_closed_frame);
    last.last_series_id = std::max(last.last_series_id, header.last_series_id);
}

} // namespace

Recovery::Recovery(FileSystem& files, Layout layout, Damage& damage)
    : files_(files), layout_(std::move(layout)), damage_(damage) {}

boost::system::result<Findings, std::string> Recovery::survey() {
    Findings findings;
    std::string error;
    auto is_good = survey_deltas(findings, error);
    for (const auto topic : core::all_topics) {
        is_good = is_good && survey_topic(topic, findings, error);
    }
    if (!is_good) {
        return {boost::system::in_place_error, std::move(error)};
    }
    return findings;
}

bool Recovery::survey_deltas(Findings& findings, std::string& error) {
    const auto names = files_.list_files(layout_.deltas);
    if (!names) {
        error = layout_.deltas + ": " + names.error().message();
        return false;
    }
    for (const auto& [name, size_bytes] : *names) {
        const auto number = number_of(name, deltas_suffix);
        if (!number) {
            continue;
        }
        FileHeader header;
        const auto path = layout_.deltas + "/" + name;
        const auto found = check(path, header);
        findings.last.last_frame = std::max(findings.last.last_frame, *number);
        if (found == HeaderCheck::newer) {
            put_aside(path, layout_.set_aside_deltas(*number));
            continue;
        }
        if (found == HeaderCheck::good) {
            note(header, findings.last);
        } else if (size_bytes > file_header_bytes) {
            ++damage_.places; // its frames say for themselves whether they are whole
        }
        findings.deltas.push_back({*number, size_bytes});
    }
    return true;
}

bool Recovery::survey_topic(core::Topic topic, Findings& findings, std::string& error) {
    const auto folder = layout_.topic(topic);
    const auto names = files_.list_files(folder);
    if (!names) {
        error = folder + ": " + names.error().message();
        return false;
    }
    const auto watermark = read_watermark(topic);
    auto& next_number = findings.next_numbers[core::index(topic)];
    // Never the watermark's own file again: what it says must not be taken for what another run writes.
    next_number = watermark.number + 1;
    for (const auto& [name, size_bytes] : *names) {
        const auto number = number_of(name, records_suffix);
        if (!number) {
            continue;
        }
        next_number = std::max(next_number, *number + 1);
        FileHeader header;
        const auto path = folder + "/" + name;
        const auto found = check(path, header);
        if (size_bytes > most_file_bytes) { // none that was ever written is as large
            ++damage_.places;
            put_aside(path, layout_.set_aside_records(topic, *number));
            continue;
        }
        if (!found) { // it is tried again when its turn comes
            findings.records[core::index(topic)].push_back(
                {size_bytes, watermark.answered_in(*number), {FileKind::records, *number, 0, std::string()}});
            continue;
        }
        if (found != HeaderCheck::good) {
            if (size_bytes <= file_header_bytes && found == HeaderCheck::damaged) {
                static_cast<void>(files_.remove(path)); // killed while it was made
                continue;
            }
            damage_.places += found == HeaderCheck::damaged ? 1 : 0;
            put_aside(path, layout_.set_aside_records(topic, *number));
            continue;
        }
        header.number = *number;
        note(header, findings.last);
        const auto answered_seq = watermark.answered_in(*number);
        findings.records[core::index(topic)].push_back({size_bytes, answered_seq, std::move(header)});
    }
    return true;
}

std::optional<HeaderCheck> Recovery::check(const std::string& path, FileHeader& header) {
    std::array<std::byte, file_header_bytes> bytes{};
    const auto file = files_.open(path);
    if (!file) {
        ++damage_.read_failures;
        return std::nullopt;
    }
    const auto size = files_.read_at(*file, bytes, 0);
    files_.close(*file);
    if (!size) {
        ++damage_.read_failures;
        return std::nullopt;
    }
    return decode(std::span(bytes).first(*size), header);
}

void Recovery::put_aside(const std::string& path, const std::string& aside) {
    ++damage_.set_aside_files;
    static_cast<void>(files_.rename(path, aside));
}

Watermark Recovery::read_watermark(core::Topic topic) {
    Watermark watermark;
    const auto file = files_.open(layout_.watermark(topic));
    if (!file) {
        return watermark; // nothing was answered yet
    }
    std::array<std::byte, watermark_bytes> bytes{};
    const auto size = files_.read_at(*file, bytes, 0);
    files_.close(*file);
    if (!size || *size != bytes.size() || !decode(bytes, watermark)) {
        ++damage_.places;
        return {};
    }
    return watermark;
}

std::size_t Recovery::BucketHash::operator()(const Bucket& bucket) const noexcept {
    auto mixed = bucket.series_id * 0x9E3779B97F4A7C15 ^ static_cast<std::uint64_t>(bucket.start_ms);
    mixed ^= mixed >> 32;
    return mixed * 0xC2B2AE3D27D4EB4F;
}

// Of the newest files back to where no record can contain a frame that is still here. The newest one of each topic is
// read in any case: for the highest numbers that were used.
Recovery::Covered Recovery::read_origins(Findings& findings) {
    Covered covered;
    const auto oldest =
        findings.deltas.empty() ? std::numeric_limits<std::uint64_t>::max() : findings.deltas.front().first_frame;
    for (const auto topic : core::all_topics) {
        const auto& found = findings.records[core::index(topic)];
        for (auto file = found.rbegin(); file != found.rend(); ++file) {
            read_origins(layout_.records_file(topic, file->header.number), covered, findings.last);
            if (file->header.last_closed_frame < oldest) {
                break;
            }
        }
    }
    return covered;
}

void Recovery::read_origins(const std::string& path, Covered& covered, DeltaLog::Start& last) {
    const auto file = files_.open(path);
    if (!file) {
        return; // it is counted when its records are read
    }
    FrameReader reader(files_, *file, file_header_bytes);
    while (const auto frame = reader.next()) {
        StoredRecord record;
        if (frame->header.type != FrameType::record || !read_record(frame->header.sequence, frame->payload, record) ||
            record.origin.series_id == 0) {
            continue;
        }
        const auto& [series_id, start_ms, covers] = record.origin;
        auto& most = covered[{series_id, start_ms}];
        most = std::max(most, covers);
        last.last_frame = std::max(last.last_frame, covers);
        last.last_series_id = std::max(last.last_series_id, series_id);
    }
    files_.close(*file);
}

// Passes on what no record contains.
class Recovery::Replayer final : public DeltaReader, private DeltaTarget {
  public:
    Replayer(const Covered& covered, Restoration& into, DeltaLog::Start& last)
        : covered_(covered), into_(into), last_(last) {}

    void begin_frame(std::uint64_t number) {
        frame_ = number;
        into_.begin_frame(number);
        last_.last_frame = std::max(last_.last_frame, number);
    }

    DeltaTarget& target() override { return *this; }

    bool wants(const BucketHead& head) override {
        const auto found = covered_.find({head.series_id, head.start_ms});
        return found == covered_.end() || found->second < frame_;
    }

    void resolution(std::int64_t resolution_ms) override { into_.resolution(resolution_ms); }

  private:
    void define(std::uint64_t series_id, core::SeriesType type, bool is_by_node, std::string_view metric,
                std::string_view tail) override {
        last_.last_series_id = std::max(last_.last_series_id, series_id);
        into_.define(series_id, type, is_by_node, metric, tail);
    }
    void counter(const BucketHead& head, std::int64_t value) override { into_.counter(head, value); }
    void gauge(const BucketHead& head, const GaugeDelta& gauge) override { into_.gauge(head, gauge); }
    void digest(const BucketHead& head, const DigestDelta& digest) override { into_.digest(head, digest); }

    const Covered& covered_;
    Restoration& into_;
    DeltaLog::Start& last_;
    std::uint64_t frame_ = 0;
};

void Recovery::replay(Findings& findings, Restoration& into) {
    const auto covered = read_origins(findings);
    Replayer replayer(covered, into, findings.last);
    std::uint64_t last_frame = 0;
    std::erase_if(findings.deltas, [&](const FoundDeltas& found) {
        const auto path = layout_.delta_file(found.first_frame);
        const auto aside = layout_.set_aside_deltas(found.first_frame);
        const auto file = files_.open(path);
        if (!file) {
            ++damage_.read_failures;
            put_aside(path, aside);
            return true;
        }
        FrameReader reader(files_, *file, file_header_bytes);
        while (const auto frame = reader.next()) {
            if (frame->header.type != FrameType::deltas || frame->header.sequence <= last_frame) {
                ++damage_.places;
                continue;
            }
            last_frame = frame->header.sequence;
            replayer.begin_frame(last_frame);
            damage_.places += read_deltas(frame->payload, replayer) ? 0 : 1;
        }
        damage_.places += reader.damaged_places();
        damage_.bytes += reader.damaged_bytes();
        files_.close(*file);
        if (reader.failure()) { // the rest of it is not lost, but somebody has to look at it
            ++damage_.read_failures;
            put_aside(path, aside);
        }
        return static_cast<bool>(reader.failure());
    });
}

} // namespace agent::journal
