// A whole session: a conversation with an aggregator behind it, on a clock that only the input moves.
//
// Input: two bytes of options, then a stream. Marks in it (bytes that never stand in UTF-8; stream_text.hpp has two
// more) are things that happen between two of its bytes, and where it is cut. The stream is fed twice, in as few chunks
// as the marks allow and in many. Required is that
// - records, replies, counts and what is remembered are the same, to the last byte and in the same order;
// - the ledger adds up: received is accepted and rejected, and what a topic accepted is in its records;
// - records are JSON, and replies are whole lines of valid text.
#include "aggregate/aggregator.hpp"
#include "fuzz/fuzzer.hpp"
#include "fuzz/stream_text.hpp"
#include "mabs/utf8.hpp"
#include "support/aggregator_rig.hpp"
#include "support/recording_store.hpp"
#include "support/talk.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace agent::fuzz {
namespace {

namespace mark {

constexpr char read_replies = '\xF7'; // the client reads what has come; at the end it does anyway
constexpr char cut = '\xF8';          // a chunk ends here, the second time
constexpr char flush = '\xF9';
constexpr char pass_rounds = '\xFA'; // followed by n: n + 1 flush intervals go by, with a flush at the end of each
constexpr char silence = '\xFB';
constexpr char journal_full = '\xFC'; // and the next time no longer

} // namespace mark

struct Event {
    std::size_t position = 0; // before this byte of the stream
    char mark = 0;
    int count = 0;
};

// What the two bytes at the front say.
struct Options {
    bool has_few_series = false;   // so few that the table gets full
    bool has_few_bytes = false;    // so few that digests do not fit
    std::size_t most_in_chunk = 0; // 0: cut only where marked
};

struct Script {
    Options options;
    std::string stream;
    std::vector<Event> events;
    std::vector<std::size_t> cuts;
};

Options options_of(std::string_view input) {
    constexpr std::array<std::size_t, 8> sizes{0, 1, 3, 10, 40, 200, 1500, 20'000};
    const auto flags = static_cast<unsigned char>(input[0]);
    return {.has_few_series = (flags & 1) != 0,
            .has_few_bytes = (flags & 2) != 0,
            .most_in_chunk = sizes[static_cast<unsigned char>(input[1]) % sizes.size()]};
}

// Events are taken off the input; how many there may be bounds the time.
Script script_of(std::string_view input) {
    constexpr std::size_t max_events = 64;
    Script script;
    if (input.size() < 2) {
        return script;
    }
    script.options = options_of(input);
    for (std::size_t at = 2; at < input.size();) {
        if (const auto taken = expand(input.substr(at), script.stream); taken != 0) {
            at += taken;
            continue;
        }
        const char c = input[at++];
        const auto position = script.stream.size();
        switch (c) {
        case mark::cut: script.cuts.push_back(position); break;
        case mark::pass_rounds:
        case mark::read_replies:
        case mark::flush:
        case mark::silence:
        case mark::journal_full: {
            const bool has_count = c == mark::pass_rounds && at < input.size();
            const int count = has_count ? static_cast<unsigned char>(input[at++]) + 1 : 1;
            if (script.events.size() < max_events) {
                script.events.push_back({position, c, count});
            }
            break;
        }
        default: script.stream.push_back(c);
        }
    }
    // A long line that has begun is copied with every chunk: few enough of those that this takes no time.
    if (const auto most = script.options.most_in_chunk; most != 0) {
        Dice dice(input);
        for (auto at = dice.below(most + 1); at < script.stream.size();
             at += std::max(dice.below(most + 1), script.stream.size() / 512)) {
            script.cuts.push_back(at);
        }
    }
    std::ranges::sort(script.cuts);
    return script;
}

struct Outcome {
    std::string replies;
    std::vector<test::StoredRecord> records;
    core::Ledger ledger;
    std::uint64_t dropped_replies = 0;
    std::uint64_t store_refusals = 0;
    std::size_t series = 0;
    std::string refused_metric;
    bool is_over = false;
};

class Session {
  public:
    Session(const Script& script, bool is_cut)
        : script_(script),
          is_cut_(is_cut),
          aggregator_(options_of(script.options), world_.clock, store_, world_.ledger),
          talk_(world_, aggregator_) {}

    Outcome run() {
        for (const Event& event : script_.events) {
            feed(event.position);
            happen(event);
        }
        feed(script_.stream.size());
        replies_ += talk_.end();
        store_.room = SIZE_MAX;
        work_off(); // what the journal had refused
        flush();
        return {.replies = replies_,
                .records = store_.records,
                .ledger = world_.ledger,
                .dropped_replies = world_.stats.dropped_replies,
                .store_refusals = store_.refusals,
                .series = aggregator_.table().series_count(),
                .refused_metric = aggregator_.last_refusal().metric,
                .is_over = talk_.conversation.is_over()};
    }

  private:
    static aggregate::AggregatorOptions options_of(const Options& from) {
        auto options = test::rig_options();
        options.table.max_series = from.has_few_series ? 3 : 1000;
        if (from.has_few_bytes) {
            options.table.max_bytes = bytes_with_one_series() + 6 * 1024; // some spellings and a digest or two
        }
        return options;
    }

    static std::size_t bytes_with_one_series() {
        test::AggregatorRig rig;
        rig.line("mabs c a 1");
        return rig.aggregator.table().size_bytes();
    }

    void feed(std::size_t end) {
        for (; is_cut_ && next_cut_ < script_.cuts.size() && script_.cuts[next_cut_] < end; ++next_cut_) {
            send(std::max(script_.cuts[next_cut_], at_));
        }
        send(end);
    }

    void send(std::size_t end) {
        if (!talk_.conversation.is_over()) {
            talk_.send(std::string_view(script_.stream).substr(at_, end - at_));
        }
        at_ = end;
    }

    void happen(const Event& event) {
        switch (event.mark) {
        case mark::read_replies: replies_ += talk_.take(); break;
        case mark::flush: flush(); break;
        case mark::silence: replies_ += talk_.silence(); break;
        case mark::journal_full: store_.room = store_.room == 0 ? SIZE_MAX : 0; break;
        default:
            for (int i = 0; i < event.count; ++i) {
                world_.clock.advance(test::rig_options().flush_interval_ms);
                flush();
            }
        }
    }

    void flush() {
        aggregator_.begin_flush();
        work_off();
    }

    void work_off() {
        while (aggregator_.work() == aggregate::Work::more) {
        }
    }

    const Script& script_;
    bool is_cut_;
    test::TalkWorld world_;
    test::RecordingStore store_;
    aggregate::Aggregator aggregator_;
    test::Talk talk_;
    std::string replies_;
    std::size_t at_ = 0;
    std::size_t next_cut_ = 0;
};

bool is_same(const test::StoredRecord& a, const test::StoredRecord& b) {
    return a.topic == b.topic && a.key == b.key && a.value == b.value && a.lines == b.lines &&
           a.sealed_ms == b.sealed_ms;
}

void require_same(const Outcome& whole, const Outcome& cut) {
    require(whole.replies == cut.replies, "replies do not depend on chunks");
    require(std::ranges::equal(whole.records, cut.records, is_same), "records do not depend on chunks");
    require(whole.ledger.received_lines == cut.ledger.received_lines &&
                whole.ledger.accepted_lines == cut.ledger.accepted_lines &&
                whole.ledger.rejected_lines == cut.ledger.rejected_lines,
            "counts do not depend on chunks");
    require(std::ranges::equal(whole.ledger.topics, cut.ledger.topics, {}, &core::TopicLedger::accepted_lines,
                               &core::TopicLedger::accepted_lines),
            "counts of topics do not depend on chunks");
    require(whole.dropped_replies == cut.dropped_replies && whole.store_refusals == cut.store_refusals,
            "what is refused does not depend on chunks");
    require(whole.series == cut.series && whole.refused_metric == cut.refused_metric && whole.is_over == cut.is_over,
            "what is remembered does not depend on chunks");
}

void check_replies(std::string_view replies) {
    require(replies.empty() || replies.ends_with('\n'), "replies are whole lines");
    require(!mabs::find_bad_character(replies, '\n'), "replies are valid text");
}

void check_outcome(const Script& script, const Outcome& outcome) {
    const auto& ledger = outcome.ledger;
    require(ledger.received_lines == ledger.accepted_lines + ledger.rejected_total(),
            "received is accepted + rejected");
    const auto line_ends = static_cast<std::uint64_t>(std::ranges::count(script.stream, '\n'));
    require(ledger.received_lines <= line_ends + 1, "there are no more lines than line ends");
    std::array<std::uint64_t, core::topic_count> lines{};
    for (const auto& record : outcome.records) {
        require(record.lines > 0, "records are made of lines");
        require(nlohmann::json::accept(record.value), "records are JSON");
        require(!mabs::find_bad_character(record.key), "keys are valid text");
        lines[core::index(record.topic)] += record.lines;
    }
    require(std::ranges::equal(lines, ledger.topics, {}, {}, &core::TopicLedger::accepted_lines),
            "what a topic accepted is in its records");
    check_replies(outcome.replies);
}

void check(std::string_view input) {
    const Script script = script_of(input);
    const Outcome whole = Session(script, false).run();
    check_outcome(script, whole);
    require_same(whole, Session(script, true).run());
}

} // namespace
} // namespace agent::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    agent::fuzz::check(agent::fuzz::text_of(data, size));
    return 0;
}
