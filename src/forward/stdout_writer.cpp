#include "forward/stdout_writer.hpp"

#include "forward/text_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace agent::forward {

namespace {

constexpr std::size_t max_buffered_bytes = 256 * 1024; // full above it; one record may pass it
constexpr std::size_t max_chunks_per_call = 64;        // then other work gets its turn

// poll() says that a pipe has room for PIPE_BUF bytes; more could block. We do not make the descriptor non-blocking
// because whoever shares it, such as the shell's terminal, would find it so. A file takes anything.
std::size_t chunk_for(int fd) {
    struct stat info{};
    const bool is_file = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    return is_file ? 64 * 1024 : PIPE_BUF;
}

} // namespace

StdoutWriter::StdoutWriter(core::TopicNames topics, int fd)
    : topics_(std::move(topics)), fd_(fd), chunk_bytes_(chunk_for(fd)) {}

Offer StdoutWriter::offer(const RecordView& record) {
    using namespace std::string_view_literals;
    if (!error_.empty() || buffer_.size() - sent_bytes_ >= max_buffered_bytes) {
        return Offer::full;
    }
    const std::string_view topic = topics_[core::index(record.topic)];
    {
        TextWriter to(buffer_,
                      64 + TextWriter::number_chars + record.value.size() +
                          (topic.size() + record.key.size() + record.run.size()) * TextWriter::json_chars_per_byte);
        to.text(R"({"topic":)"sv);
        to.json_string(topic);
        to.text(R"(,"key":)"sv);
        to.json_string(record.key);
        to.text(R"(,"headers":{"run":)"sv);
        to.json_string(record.run);
        to.text(R"(,"seq":")"sv);
        to.integer(record.seq);
        to.text(R"("},"value":)"sv);
        to.text(record.value);
        to.text("}\n"sv);
    }
    lines_.push_back({.record = {.topic = record.topic, .position = record.position, .fate = Fate::delivered},
                      .end = written_bytes_ + buffer_.size() - sent_bytes_});
    return Offer::accepted;
}

std::size_t StdoutWriter::take_deliveries(std::span<Delivery> out) {
    write_some();
    std::size_t taken = 0;
    while (taken < out.size() && !lines_.empty() && (lines_.front().end <= written_bytes_ || !error_.empty())) {
        out[taken] = lines_.front().record;
        if (lines_.front().end > written_bytes_) {
            out[taken].fate = Fate::retry;
        }
        ++taken;
        lines_.pop_front();
    }
    return taken;
}

void StdoutWriter::write_some() {
    for (std::size_t i = 0; i < max_chunks_per_call && sent_bytes_ < buffer_.size() && error_.empty(); ++i) {
        if (!write_chunk()) {
            break;
        }
    }
    if (sent_bytes_ == buffer_.size()) {
        buffer_.clear();
        sent_bytes_ = 0;
    } else if (sent_bytes_ >= max_buffered_bytes) {
        buffer_.erase(0, sent_bytes_);
        sent_bytes_ = 0;
    }
}

bool StdoutWriter::write_chunk() {
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (poll(&ready, 1, 0) <= 0) {
        return false;
    }
    const std::size_t size = std::min(chunk_bytes_, buffer_.size() - sent_bytes_);
    const ssize_t written = write(fd_, buffer_.data() + sent_bytes_, size);
    if (written < 0) {
        if (errno != EINTR && errno != EAGAIN) {
            error_ = std::string("cannot write the records: ") + std::strerror(errno);
        }
        return false;
    }
    sent_bytes_ += static_cast<std::size_t>(written);
    written_bytes_ += static_cast<std::uint64_t>(written);
    return true;
}

} // namespace agent::forward
