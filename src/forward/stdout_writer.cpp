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

StdoutWriter::StdoutWriter(core::TopicNames topics, std::vector<std::string> log_topics, int fd)
    : topics_(std::move(topics)), log_topics_(std::move(log_topics)), fd_(fd), chunk_bytes_(chunk_for(fd)) {}

bool StdoutWriter::is_full() const {
    return !error_.empty() || buffer_.size() - sent_bytes_ >= max_buffered_bytes;
}

Offer StdoutWriter::offer(const RecordView& record) {
    using namespace std::string_view_literals;
    if (is_full()) {
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
    lines_.push_back(
        {.record = {.topic = record.topic, .position = record.position, .fate = Fate::delivered}, .end = end()});
    return Offer::accepted;
}

std::size_t StdoutWriter::offer_log(const LogBatch& batch) {
    std::size_t taken = 0;
    while (taken < batch.records.size() && !is_full()) {
        append(batch, batch.records[taken]);
        log_lines_.push_back({.record = batch.ticket, .end = end()});
        ++taken;
    }
    return taken;
}

void StdoutWriter::append(const LogBatch& batch, const LogRecord& record) {
    using namespace std::string_view_literals;
    const std::string_view topic = log_topics_.at(batch.topic);
    TextWriter to(buffer_, 64 + (topic.size() + batch.key.size() + record.src.size() + record.value.size()) *
                                    TextWriter::json_chars_per_byte);
    to.text(R"({"topic":)"sv);
    to.json_string(topic);
    to.text(R"(,"key":)"sv);
    if (batch.key.data() != nullptr) {
        to.lossy_json_string(batch.key);
    } else {
        to.text("null"sv);
    }
    to.text(R"(,"headers":{"src":)"sv);
    to.json_string(record.src);
    to.text(R"(},"value":)"sv);
    to.lossy_json_string(record.value);
    to.text("}\n"sv);
}

// None while it is still to be written.
template <typename Record>
std::optional<Fate> StdoutWriter::fate_of_first(const std::deque<Line<Record>>& lines) const {
    if (lines.empty()) {
        return std::nullopt;
    }
    if (lines.front().end <= written_bytes_) {
        return Fate::delivered;
    }
    return error_.empty() ? std::nullopt : std::optional(Fate::retry);
}

std::size_t StdoutWriter::take_deliveries(std::span<Delivery> out) {
    write_some();
    std::size_t taken = 0;
    while (taken < out.size()) {
        const auto fate = fate_of_first(lines_);
        if (!fate) {
            break;
        }
        out[taken] = lines_.front().record;
        out[taken++].fate = *fate;
        lines_.pop_front();
    }
    return taken;
}

void StdoutWriter::take_log_answers(std::vector<LogAnswer>& out) {
    write_some();
    while (const auto fate = fate_of_first(log_lines_)) {
        const std::uint64_t ticket = log_lines_.front().record;
        log_lines_.pop_front();
        if (!out.empty() && out.back().ticket == ticket && out.back().fate == *fate) {
            ++out.back().records;
        } else {
            out.push_back({.ticket = ticket, .records = 1, .fate = *fate});
        }
    }
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
