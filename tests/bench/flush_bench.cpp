// CPU time of a flush: open counter buckets to finished records in the outbox. The real aggregator, sealer, record
// encoding and outbox; nobody takes the records out, so that the outbox is as large as they are.
//   flush_bench SERIES ROUNDS     one line a round: milliseconds of CPU in all, of the longest slice, and slices

#include "aggregate/aggregator.hpp"
#include "core/clock.hpp"
#include "core/ledger.hpp"
#include "journal/outbox.hpp"
#include "mabs/line_parser.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

namespace {

using namespace agent;

std::string line_of(std::size_t series) {
    std::array<char, 256> text{};
    std::snprintf(text.data(), text.size(),
                  "mabs counter http.server.requests.%05zu 1 service=checkout host_group=web-%02zu status=%zu "
                  "path=/api/v1/%04zu",
                  series / 16, series % 16, 200 + series % 5, series % 9973);
    return text.data();
}

double cpu_ms() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

void send_all(aggregate::Aggregator& aggregator, const core::Clock& clock, std::size_t series_count) {
    for (std::size_t series = 0; series < series_count; ++series) {
        const auto text = line_of(series);
        std::array<aggregate::Entry, 1> batch{};
        batch[0].text = text;
        if (mabs::parse_line(text, mabs::TimeWindow::around(clock.unix_ms()), batch[0].line)) {
            std::abort();
        }
        aggregator.accept(batch, "bench");
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: flush_bench SERIES ROUNDS\n");
        return 2;
    }
    const auto series_count = std::strtoull(argv[1], nullptr, 10);
    const auto rounds = std::strtoull(argv[2], nullptr, 10);
    const core::SystemClock clock;
    core::Ledger ledger;
    journal::Outbox outbox("00000000-0000-4000-8000-000000000000", ledger);
    aggregate::AggregatorOptions options;
    options.node = "bench";
    aggregate::Aggregator aggregator(options, clock, outbox, ledger);
    for (std::size_t round = 0; round < rounds; ++round) {
        send_all(aggregator, clock, series_count);
        const auto before = ledger.of(core::Topic::mabs).accepted_lines;
        double longest_ms = 0;
        std::size_t slices = 0;
        const auto begin_ms = cpu_ms();
        aggregator.begin_flush();
        for (auto more = true; more; ++slices) {
            const auto slice_ms = cpu_ms();
            more = aggregator.work() == aggregate::Work::more;
            longest_ms = std::max(longest_ms, cpu_ms() - slice_ms);
        }
        const auto all_ms = cpu_ms() - begin_ms;
        if (before != (round + 1) * series_count || aggregator.is_flushing()) {
            std::abort();
        }
        std::printf("%.3f %.3f %zu %zu\n", all_ms, longest_ms, slices, outbox.held_bytes());
        outbox.drop_waiting(core::DropReason::shutdown); // the next round begins with an empty outbox
    }
    return 0;
}
