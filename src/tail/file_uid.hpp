// The name of a file's content in the header `src`: 16 characters a-z 2-7 (Base32 of 80 bits, RFC 4648, lower case).
#pragma once

#include "tail/file_identity.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace agent::tail {

inline constexpr std::size_t uid_chars = 16;

// A random one.
std::string make_uid();

// One that is the same whenever the same file is shipped: for runs that keep nothing. Of the file's identity.
std::string derived_uid(const FileId& id, const Fingerprint& fingerprint);

bool is_uid(std::string_view text);

} // namespace agent::tail
