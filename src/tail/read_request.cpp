#include "tail/read_request.hpp"

#include "core/limits.hpp"

#include <algorithm>
#include <cerrno>
#include <span>

#include <poll.h>
#include <unistd.h>

namespace agent::tail {

namespace {

constexpr int pipe_wait_ms = 100;

// Moves the offset over holes that are not worth reading, and ends the read at the next one.
bool find_data(ReadRequest& request) {
    const int fd = request.file->get();
    const auto data = lseek(fd, static_cast<off_t>(request.offset), SEEK_DATA);
    if (data == -1) {
        request.is_nothing_but_hole = errno == ENXIO;
        return !request.is_nothing_but_hole; // a file system that does not know: read it all
    }
    const auto hole_bytes = static_cast<std::uint64_t>(data) - request.offset;
    if (hole_bytes >= core::limits::least_log_hole_bytes) {
        request.hole_bytes = hole_bytes;
        request.offset += hole_bytes;
    }
    const auto end = lseek(fd, data, SEEK_HOLE);
    if (end != -1 && static_cast<std::uint64_t>(end) < request.facts.size_bytes) {
        const auto next = lseek(fd, end, SEEK_DATA);
        const bool is_last = next == -1 && errno == ENXIO;
        const auto length = static_cast<std::uint64_t>(end) - request.offset;
        const bool is_worth_it =
            next != -1 && static_cast<std::uint64_t>(next - end) >= core::limits::least_log_hole_bytes;
        if ((is_last || is_worth_it) && length <= request.length_bytes) {
            request.length_bytes = static_cast<std::size_t>(length);
            request.ends_at_hole = is_worth_it;
            request.ends_at_last_hole = is_last;
        }
    }
    return true;
}

// Small files have grown since their fingerprint was taken; and where there is no mark yet, files of another content
// are told by their fingerprint alone.
bool check_fingerprint(ReadRequest& request) {
    auto& known = request.fingerprint;
    if (request.facts.size_bytes < known.length) {
        return false;
    }
    const bool has_grown = known.length < fingerprint_bytes && request.facts.size_bytes > known.length;
    const bool is_unmarked = request.offset == 0 || request.mark.offset != request.offset;
    if (!has_grown && !is_unmarked) {
        return true;
    }
    const int fd = request.file->get();
    const auto before = fingerprint_of(fd, known.length);
    const auto now = fingerprint_of(fd);
    if (!before || !now) {
        return true; // the read will say what is wrong
    }
    if (*before != known) {
        return false;
    }
    known = *now;
    return true;
}

} // namespace

void read(ReadRequest& request) {
    const int fd = request.file->get();
    const auto facts = facts_of(fd);
    if (!facts) {
        request.error = facts.error().value();
        return;
    }
    request.facts = *facts;
    if (facts->size_bytes < request.offset || !check_fingerprint(request)) {
        request.is_replaced = true;
        return;
    }
    const auto asked_offset = request.offset;
    const auto known_bytes = mark_length(asked_offset);
    if (request.mark.offset == asked_offset && known_bytes != 0 && facts->size_bytes <= request.least_end) {
        request.is_replaced = !has_mark(fd, request.mark);
        return;
    }
    if (facts->size_bytes <= request.least_end || (request.skips_holes && facts->has_holes && !find_data(request))) {
        return;
    }
    const auto before = mark_length(request.offset);
    const auto wanted = std::min(before + request.length_bytes, request.buffer.capacity_bytes);
    const auto size = read_at(fd, std::span(request.buffer.bytes.get(), wanted), request.offset - before);
    if (!size) {
        request.error = size.error().value();
        return;
    }
    if (*size < before) {
        request.is_replaced = true; // cut short meanwhile
        return;
    }
    if (request.mark.offset == asked_offset && request.mark.offset == request.offset && before != 0) {
        request.is_replaced = content_hash({request.buffer.bytes.get(), before}) != request.mark.hash;
    }
    request.size_bytes = *size - before;
}

void read_pipe(ReadRequest& request) {
    pollfd is_there{.fd = request.file->get(), .events = POLLIN, .revents = 0};
    if (poll(&is_there, 1, pipe_wait_ms) <= 0) {
        return;
    }
    const auto size =
        ::read(request.file->get(), request.buffer.bytes.get() + request.size_bytes, request.length_bytes);
    if (size > 0) {
        request.size_bytes += static_cast<std::size_t>(size);
    } else if (size == 0) {
        request.is_replaced = true;
    } else if (errno != EINTR && errno != EAGAIN) {
        request.error = errno;
    }
}

} // namespace agent::tail
