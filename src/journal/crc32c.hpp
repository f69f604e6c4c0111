// CRC32C: the CRC of iSCSI and ext4 (RFC 3720, B.4), polynomial 0x1EDC6F41 reflected, all ones before and after. With
// the processor's instruction where it has one, else from tables. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace agent::journal {

// `crc`: that of the bytes before these, so that crc32c(b, crc32c(a)) is the CRC of a and b together.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0);

// The same from tables alone: what crc32c() does where the processor has no instruction for it.
std::uint32_t crc32c_from_tables(std::span<const std::byte> bytes, std::uint32_t crc = 0);

} // namespace agent::journal
