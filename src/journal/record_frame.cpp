#include "journal/record_frame.hpp"

#include "journal/little_endian.hpp"

#include <cstring>

namespace agent::journal {

void append_record_frame(const StoredRecord& record, std::vector<std::byte>& out) {
    const std::size_t begin = out.size();
    out.resize(begin + record_overhead_bytes + record.key.size() + record.value.size());
    const std::span frame = std::span(out).subspan(begin);
    std::byte* at = frame.data() + frame_header_bytes;
    store(at, record.origin.series_id);
    store(at + 8, record.origin.bucket_start_ms);
    store(at + 16, record.origin.covers);
    store(at + 24, record.lines);
    store(at + 32, record.sealed_ms);
    store(at + 40, static_cast<std::uint32_t>(record.key.size()));
    store(at + 44, std::uint32_t{0});
    at += record_fixed_bytes;
    if (!record.key.empty()) { // memcpy takes no null pointer, not even for 0 bytes
        std::memcpy(at, record.key.data(), record.key.size());
    }
    if (!record.value.empty()) {
        std::memcpy(at + record.key.size(), record.value.data(), record.value.size());
    }
    finish_frame(frame, FrameType::record, record.seq);
}

bool read_record(std::uint64_t sequence, std::span<const std::byte> payload, StoredRecord& out) {
    ByteReader reader(payload);
    std::uint32_t key_bytes = 0;
    std::uint32_t zero = 0;
    out.seq = sequence;
    return reader.read(out.origin.series_id) && reader.read(out.origin.bucket_start_ms) &&
           reader.read(out.origin.covers) && reader.read(out.lines) && reader.read(out.sealed_ms) &&
           reader.read(key_bytes) && reader.read(zero) && zero == 0 && reader.read_text(key_bytes, out.key) &&
           reader.read_text(reader.size(), out.value);
}

} // namespace agent::journal
