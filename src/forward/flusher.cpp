#include "forward/flusher.hpp"

#include <system_error>

namespace agent::forward {

namespace {

// All has been sent long before; who is woken for the next record only needs to be asleep again by then. Short, because
// what a burst brings meanwhile is sent in small batches.
constexpr int flush_timeout_ms = 20;

} // namespace

Flusher::Flusher(rd_kafka_t* client) : client_(client) {
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
    }
}

Flusher::~Flusher() {
    wish_ = Wish::end;
    wish_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Flusher::flush() {
    wish_ = Wish::flush;
    wish_.notify_one();
}

void Flusher::run() {
    for (;;) {
        wish_.wait(Wish::none);
        if (wish_.exchange(Wish::none) == Wish::end) {
            return;
        }
        if (rd_kafka_outq_len(client_) != 0) { // or the flush before has seen to it
            (void)rd_kafka_flush(client_, flush_timeout_ms);
        }
    }
}

} // namespace agent::forward
