// A finished Kafka record as a frame (frame.hpp) of type `record`, sequence = seq. Its payload:
//
//   0  u64  series id   } the open bucket that it was made of, and the last delta frame that it contains; a series id
//   8  i64  bucket start, ms  } of 0: none (points, the agent's own records)
//  16  u64  covers      }
//  24  u64  lines it stands for in the ledger
//  32  i64  sealed, Unix time in ms
//  40  u32  key bytes
//  44  u32  0
//  48       key, then value
//
// Pure; any thread.
#pragma once

#include "journal/frame.hpp"
#include "journal/record_store.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace agent::journal {

inline constexpr std::size_t record_fixed_bytes = 48;
inline constexpr std::size_t record_overhead_bytes = frame_header_bytes + record_fixed_bytes;

struct StoredRecord {
    std::uint64_t seq = 0;
    Origin origin;
    std::uint64_t lines = 0;
    std::int64_t sealed_ms = 0;
    std::string_view key;
    std::string_view value;
};

void append_record_frame(const StoredRecord& record, std::vector<std::byte>& out);

// Of a frame of that type; false where its payload is none. The views point into the frame.
bool read_record(std::uint64_t sequence, std::span<const std::byte> payload, StoredRecord& out);

} // namespace agent::journal
