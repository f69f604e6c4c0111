#include "tail/sender.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

namespace agent::tail {

namespace {

constexpr std::size_t records_a_call = 64;
constexpr std::size_t src_chars = 64; // uid, two numbers of 20 digits, @ and -

// "<uid>@<begin>-<end>" of one record after the other: each begins where the one before ends.
class SrcWriter {
  public:
    SrcWriter(std::string_view uid, std::uint64_t begin) : uid_(uid), begin_(begin) {}

    std::string_view next(std::uint32_t span_bytes, std::array<char, src_chars>& out) {
        char* at = std::ranges::copy(uid_, out.data()).out;
        *at++ = '@';
        at = std::to_chars(at, out.data() + out.size(), begin_).ptr;
        *at++ = '-';
        begin_ += span_bytes;
        at = std::to_chars(at, out.data() + out.size(), begin_).ptr;
        return {out.data(), static_cast<std::size_t>(at - out.data())};
    }

  private:
    std::string_view uid_;
    std::uint64_t begin_;
};

// Records larger than the broker takes, in parts. What stands before a value (a frame's length) goes to the first part,
// what stands behind it (LF) to the last.
void split(Batch& batch, std::size_t max_bytes) {
    std::vector<Cut> parts;
    std::uint32_t begin = 0; // of the record, as its value's place
    for (auto cut : batch.records) {
        const auto next = begin + cut.span_bytes;
        while (cut.size_bytes > max_bytes) {
            const auto size = static_cast<std::uint32_t>(max_bytes);
            parts.push_back({.at = cut.at, .size_bytes = size, .span_bytes = cut.at + size - begin});
            cut.at += size;
            cut.size_bytes -= size;
            begin = cut.at;
        }
        cut.span_bytes = next - begin;
        parts.push_back(cut);
        begin = next;
    }
    batch.records = std::move(parts);
}

std::size_t largest_record(const Batch& batch) {
    return std::ranges::max_element(batch.records, {}, &Cut::size_bytes)->size_bytes;
}

} // namespace

std::int64_t steady_us() {
    using namespace std::chrono;
    return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

void Sender::add(std::unique_ptr<Batch> batch) {
    auto& added = *batch;
    auto& file = *added.file;
    added.sender = this;
    held_records_ += added.records.size();
    file.batches.push_back(std::move(batch));
    if (added.records.empty()) {
        acknowledge(file);
    } else {
        added.is_queued = true;
        queue_.push_back(&added);
    }
}

bool Sender::send() {
    if (!failed_.empty()) { // what came back goes out before all that is behind it, when everything has come back
        if (unanswered_ != 0) {
            return true;
        }
        send_again();
    }
    while (!queue_.empty()) {
        Batch& batch = *queue_.front();
        if (offer(batch) == 0) {
            return false;
        }
        if (batch.sent == batch.records.size()) {
            queue_.pop_front();
            batch.is_queued = false;
        }
    }
    return true;
}

std::size_t Sender::offer(Batch& batch) {
    std::array<std::array<char, src_chars>, records_a_call> texts;
    std::array<forward::LogRecord, records_a_call> records;
    const auto count = std::min(records_a_call, batch.records.size() - batch.sent);
    SrcWriter src(batch.file->uid, batch.begin + batch.sent_bytes);
    const char* const bytes = batch.buffer.bytes.get() + batch.begins_at;
    for (std::size_t i = 0; i < count; ++i) {
        const Cut& cut = batch.records[batch.sent + i];
        records[i] = {.value = {bytes + cut.at, cut.size_bytes}, .src = src.next(cut.span_bytes, texts[i])};
    }
    const auto taken = consumer_.offer_log(
        {.topic = options_.topic,
         .ticket = reinterpret_cast<std::uint64_t>(&batch),
         .key = options_.key == RecordKey::file ? std::string_view(batch.file->first_path) : std::string_view(),
         .records = std::span(records).first(count)});
    for (std::size_t i = 0; i < taken; ++i) {
        batch.sent_bytes += batch.records[batch.sent + i].span_bytes;
    }
    batch.sent += taken;
    batch.unanswered += static_cast<std::uint32_t>(taken);
    unanswered_ += taken;
    return taken;
}

void Sender::answer(Batch& batch, const forward::LogAnswer& answer) {
    auto& file = *batch.file;
    batch.unanswered -= answer.records;
    unanswered_ -= answer.records;
    switch (answer.fate) {
    case forward::Fate::delivered: stats_.acked_records += answer.records; break;
    case forward::Fate::retry: fail(batch); break;
    case forward::Fate::too_large:
        if (largest_record(batch) > core::limits::least_log_record_bytes) {
            fail(batch);
            batch.is_too_large = true;
            break;
        }
        [[fallthrough]];
    case forward::Fate::refused: // nobody says which record it was: about so many bytes
        stats_.skip(Skip::refused, (batch.end - batch.begin) / batch.records.size() * answer.records);
        break;
    }
    if (batch.unanswered == 0 && !batch.has_failed && batch.sent == batch.records.size()) {
        acknowledge(file);
    }
}

void Sender::fail(Batch& batch) {
    if (!std::exchange(batch.has_failed, true)) {
        failed_.push_back(&batch);
    }
}

void Sender::send_again() {
    std::ranges::sort(failed_, std::ranges::greater(),
                      &Batch::begin); // the first one of a file comes to the front last
    for (auto* const batch : failed_) {
        batch->has_failed = false;
        batch->sent = 0;
        batch->sent_bytes = 0;
        if (std::exchange(batch->is_too_large, false)) {
            auto& max_bytes = batch->file->max_record_bytes;
            max_bytes = std::max(std::min(max_bytes, largest_record(*batch) / 2), core::limits::least_log_record_bytes);
            held_records_ -= batch->records.size();
            split(*batch, max_bytes);
            held_records_ += batch->records.size();
        }
        if (batch->is_queued) { // the one that was not wholly accepted: it is behind those before it
            std::erase(queue_, batch);
        }
        batch->is_queued = true;
        queue_.push_front(batch);
    }
    failed_.clear();
}

void Sender::acknowledge(TailedFile& file) {
    const auto is_done = [](const Batch& batch) {
        return batch.unanswered == 0 && !batch.has_failed && batch.sent == batch.records.size();
    };
    std::int64_t now_us = 0;
    while (!file.batches.empty() && is_done(*file.batches.front())) {
        Batch& batch = *file.batches.front();
        file.acked_offset = batch.end;
        file.acked_frame_left = batch.frame_left;
        file.behind_since_ms = clock_.steady_ms();
        if (batch.mark.offset == batch.end) {
            if (batch.early_mark.offset != 0) {
                file.marks.add(batch.early_mark, clock_.steady_ms());
            }
            file.marks.add(batch.mark, clock_.steady_ms());
        }
        stats_.acked_bytes += batch.records.empty() ? 0 : batch.end - batch.begin;
        if (batch.woken_us != 0) {
            now_us = now_us == 0 ? steady_us() : now_us;
            stats_.ack.add(now_us - batch.woken_us);
        }
        held_records_ -= batch.records.size();
        buffers_.give_back(std::move(batch.buffer));
        file.batches.pop_front();
        has_progress_ = true;
    }
}

} // namespace agent::tail
