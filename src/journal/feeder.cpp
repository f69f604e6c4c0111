#include "journal/feeder.hpp"

#include <array>

namespace agent::journal {

namespace {

// One pump stays about a millisecond of work: an answer or an offer costs about half a microsecond.
constexpr std::size_t answers_per_pump = 2048;
constexpr std::size_t answers_per_batch = 256;
constexpr std::size_t offers_per_pump = 1024;

} // namespace

Feeder::Feeder(RecordSource& source, forward::RecordConsumer& consumer, core::Ledger& ledger, std::size_t window_bytes)
    : source_(source), consumer_(consumer), ledger_(ledger), window_bytes_(window_bytes) {}

Pump Feeder::pump() {
    const bool more_answers = take_deliveries();
    const bool more_records = offer_records();
    return more_answers || more_records ? Pump::more : Pump::idle;
}

bool Feeder::take_deliveries() {
    std::array<forward::Delivery, answers_per_batch> batch;
    for (std::size_t taken = 0; taken < answers_per_pump; taken += batch.size()) {
        const std::size_t count = consumer_.take_deliveries(batch);
        for (std::size_t i = 0; i < count; ++i) {
            settle(batch[i]);
        }
        if (count < batch.size()) {
            return false;
        }
    }
    return true;
}

void Feeder::settle(const forward::Delivery& delivery) {
    if (delivery.fate == forward::Fate::too_large || delivery.fate == forward::Fate::refused) {
        source_.set_aside(delivery.topic, delivery.position);
    }
    const RecordCost cost = delivery.fate == forward::Fate::retry ? source_.put_back(delivery.topic, delivery.position)
                                                                  : source_.answered(delivery.topic, delivery.position);
    Window& window = windows_[core::index(delivery.topic)];
    window.bytes -= cost.size_bytes;
    --window.records;

    core::TopicLedger& row = ledger_.of(delivery.topic);
    switch (delivery.fate) {
    case forward::Fate::delivered:
        row.delivered_lines += cost.lines;
        ++row.delivered_records;
        break;
    case forward::Fate::retry: break;
    case forward::Fate::too_large:
        row.dropped_lines[static_cast<std::size_t>(core::DropReason::too_large)] += cost.lines;
        break;
    case forward::Fate::refused:
        row.dropped_lines[static_cast<std::size_t>(core::DropReason::refused)] += cost.lines;
        break;
    }
}

bool Feeder::offer_records() {
    std::size_t budget = offers_per_pump;
    bool consumer_full = false;
    bool more = false;
    for (std::size_t i = 0; i < core::topic_count && !consumer_full; ++i) {
        const auto topic = core::all_topics[(first_topic_ + i) % core::topic_count];
        more = offer_topic(topic, budget, consumer_full) || more;
    }
    first_topic_ = (first_topic_ + 1) % core::topic_count;
    return more && !consumer_full;
}

// True when only the budget kept it from offering more.
bool Feeder::offer_topic(core::Topic topic, std::size_t& budget, bool& consumer_full) {
    Window& window = windows_[core::index(topic)];
    while (const auto record = source_.peek(topic)) {
        // A record larger than the window goes alone.
        if (window.records != 0 && window.bytes + record->size_bytes() > window_bytes_) {
            return false;
        }
        if (budget == 0) {
            return true;
        }
        --budget;
        const forward::Offer answer = consumer_.offer(*record);
        if (answer != forward::Offer::accepted) {
            consumer_full = answer == forward::Offer::full;
            return false;
        }
        window.bytes += record->size_bytes();
        ++window.records;
        source_.take(topic, record->position);
    }
    return false;
}

std::size_t Feeder::in_flight_records() const {
    std::size_t records = 0;
    for (const Window& window : windows_) {
        records += window.records;
    }
    return records;
}

} // namespace agent::journal
