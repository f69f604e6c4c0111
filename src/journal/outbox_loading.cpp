// Reading segments back: the part of OutboxFiles that runs on the reader.
#include "journal/frame_reader.hpp"
#include "journal/outbox_files.hpp"
#include "journal/record_frame.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace agent::journal {

namespace {

constexpr std::uint8_t most_failed_loads = 10; // then what can be read is all there is: others wait behind it
constexpr std::size_t page_bytes = TopicQueue::first_segment_bytes;

} // namespace

struct OutboxFiles::Load {
    std::string path;
    std::string set_aside; // where the file goes if not all of it can be read; empty: nowhere
    std::string run;       // as its header has it
    std::uint64_t answered_seq = 0;
    std::unique_ptr<Segment> segment;
    Damage damage; // with a read failure: not all of the file could be read
};

namespace {

void read_frames(FileSystem& files, FileSystem::Descriptor file, OutboxFiles::Load& load) {
    FrameReader reader(files, file, file_header_bytes);
    while (const auto frame = reader.next()) {
        StoredRecord record;
        if (frame->header.type != FrameType::record || !read_record(frame->header.sequence, frame->payload, record) ||
            !load.segment->fits(record.key.size(), record.value.size())) {
            ++load.damage.places;
            continue;
        }
        if (record.seq > load.answered_seq) {
            load.segment->append(record);
        }
    }
    load.damage.places += reader.damaged_places();
    load.damage.bytes += reader.damaged_bytes();
    load.damage.read_failures += reader.failure() ? 1 : 0;
}

// Whatever can be read of the file; what cannot is counted.
void read_file(FileSystem& files, OutboxFiles::Load& load) {
    const auto file = files.open(load.path);
    std::array<std::byte, file_header_bytes> bytes{};
    const auto size = file ? files.read_at(*file, bytes, 0) : FileSystem::Result<std::size_t>(file.error());
    FileHeader header;
    if (size && decode(std::span(bytes).first(*size), header) == HeaderCheck::good) {
        load.run = header.run;
        read_frames(files, *file, load);
    } else {
        ++load.damage.read_failures;
    }
    if (file) {
        files.close(*file);
    }
    if (load.damage.read_failures != 0 && !load.set_aside.empty() && files.rename(load.path, load.set_aside)) {
        ++load.damage.set_aside_files;
    }
}

} // namespace

void OutboxFiles::load_next(core::Topic topic) {
    auto& queue = outbox_.queue(topic);
    const auto end = std::min(queue.size(), queue.send_index() + 1 + loads_ahead);
    for (auto index = queue.send_index(); index < end; ++index) {
        if (!queue.at(index).is_resident()) {
            load(topic, queue.at(index));
        }
    }
}

void OutboxFiles::load_ahead(core::Topic topic) {
    auto& queue = outbox_.queue(topic);
    const auto next = queue.send_index() + 1;
    if (next < queue.size() && !queue.at(next).is_resident()) {
        load_next(topic);
    }
}

void OutboxFiles::load(core::Topic topic, Segment& segment) {
    if (segment.file.is_loading) {
        return;
    }
    segment.file.is_loading = true;
    auto load = std::make_shared<Load>();
    load->path = segment.file.file->path;
    load->answered_seq = segment.file.answered_seq;
    if (segment.file.failed_loads + 1 == most_failed_loads) {
        load->set_aside = options_.layout.set_aside_records(topic, segment.file.number);
    }
    // A record takes less of a segment than of its file.
    const auto capacity = (segment.file.size_bytes + page_bytes) / page_bytes * page_bytes;
    load->segment = std::make_unique<Segment>(segment.first_position(), capacity);
    ++loads_;
    reader_.run([&files = files_, load] { read_file(files, *load); }, [this, topic, load] { loaded(topic, load); });
}

void OutboxFiles::load_again() {
    for (const auto& [topic, first_position] : std::exchange(unread_, {})) {
        if (auto* const segment = outbox_.queue(topic).find(first_position); segment != nullptr) {
            segment->file.is_loading = false;
            load(topic, *segment);
        }
    }
}

void OutboxFiles::loaded(core::Topic topic, const std::shared_ptr<Load>& load) {
    --loads_;
    damage_.read_failures += load->damage.read_failures;
    auto& queue = outbox_.queue(topic);
    auto* const segment = queue.find(load->segment->first_position());
    if (segment == nullptr || segment->is_resident()) {
        return; // dropped meanwhile
    }
    if (load->damage.read_failures != 0 && ++segment->file.failed_loads < most_failed_loads) {
        unread_.emplace_back(topic, segment->first_position());
        return;
    }
    damage_.places += load->damage.places;
    damage_.bytes += load->damage.bytes;
    damage_.set_aside_files += load->damage.set_aside_files;
    if (segment->run->empty()) { // its header could not be read before
        segment->run = std::make_shared<const std::string>(load->run);
    }
    segment->file.is_loading = false;
    outbox_.count_dropped(topic, queue.load(*segment, *load->segment), core::DropReason::damaged);
    if (std::exchange(segment->file.is_found, false)) {
        outbox_.count_recovered(topic, segment->lines());
    }
    if (segment->file.is_doomed && segment->unanswered() != 0) {
        drop(topic, *segment);
        make_room();
    }
    take_answered(topic);
    wake_();
}

} // namespace agent::journal
