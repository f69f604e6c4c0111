// Where and why a line was rejected. Offsets are bytes from the beginning of the line.
#pragma once

#include "core/reject_reason.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace agent::mabs {

struct LineError {
    core::RejectReason reason = core::RejectReason::none;
    std::uint32_t offset = 0; // of the offending text
    std::uint32_t length = 0; // of the offending text; 0 where something is missing at `offset`

    explicit operator bool() const { return reason != core::RejectReason::none; }
};

// A byte that may stand nowhere in a line (a control character or invalid UTF-8) outranks every other error, because
// it makes the others misleading. Given the error that parsing found, this is the one to report. Only what has no LF
// is no line, whatever its bytes.
LineError outranking_error(std::string_view line, LineError found);

// Appends "<what is wrong>", with the offending text in double quotes cut to core::limits::max_quoted_bytes; bytes that
// are not printable, and characters that cannot be seen, are shown as \xNN (shown_character.hpp). `detail`, where not
// empty, says more (a digest's fault) and stands behind; of `overloaded` it stands alone.
void append_message(std::string& out, std::string_view line, LineError error, std::string_view detail = {});

// Appends `text` in double quotes as above.
void append_quoted(std::string& out, std::string_view text);

} // namespace agent::mabs
