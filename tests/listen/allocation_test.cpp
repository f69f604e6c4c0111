// Counts allocations, in an executable of its own because it replaces operator new: in the steady state a line of a
// counter or a gauge, from its bytes to its bucket, allocates nothing, and neither does a histogram's once its digest
// has its size.
#include "aggregate/aggregator.hpp"
#include "listen/conversation.hpp"
#include "support/aggregator_rig.hpp"
#include "support/digest_text.hpp"
#include "support/talk.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

std::uint64_t allocations = 0;

void* count_and_allocate(std::size_t size) {
    ++allocations;
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) {
        std::abort();
    }
    return memory;
}

void* count_and_allocate(std::size_t size, std::align_val_t alignment) {
    ++allocations;
    const auto step = static_cast<std::size_t>(alignment);
    void* const memory = std::aligned_alloc(step, (size + step - 1) / step * step);
    if (memory == nullptr) {
        std::abort();
    }
    return memory;
}

} // namespace

// NOLINTBEGIN(misc-new-delete-overloads): the ones that are not here call these
void* operator new(std::size_t size) {
    return count_and_allocate(size);
}
void* operator new[](std::size_t size) {
    return count_and_allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return count_and_allocate(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return count_and_allocate(size, alignment);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
// NOLINTEND(misc-new-delete-overloads)

namespace agent::listen {
namespace {

// Takes what it is given and keeps nothing: the test's own memory is not to be counted.
class SwallowingStore final : public journal::RecordStore {
  public:
    std::uint64_t records = 0;

    journal::Append append(core::Topic, std::string_view, std::string_view, std::uint64_t, std::int64_t,
                           const journal::Origin&) override {
        ++records;
        return journal::Append::accepted;
    }
};

struct World : test::TalkWorld {
    SwallowingStore store;
    aggregate::Aggregator aggregator{test::rig_options(), clock, store, ledger};
    Surroundings surroundings = around(aggregator);
    Conversation conversation{surroundings, "peer"};

    void receive(std::string_view chunk) {
        conversation.receive(chunk, 0);
        REQUIRE(conversation.rest().empty());
    }

    void flush() {
        aggregator.begin_flush();
        while (aggregator.work() == aggregate::Work::more) {
        }
    }

    // The allocations of the second of two equal rounds, each with a flush at its end.
    std::uint64_t steady_allocations(const std::string& chunk) {
        for (int round = 0; round < 3; ++round) { // lists and scratch get their size
            receive(chunk);
            flush();
        }
        const auto before = allocations;
        receive(chunk);
        flush();
        return allocations - before;
    }
};

TEST_CASE("the counting works") {
    const auto before = allocations;
    const std::string text(100, 'x');
    CHECK(allocations == before + 1);
}

TEST_CASE("counters and gauges, in the current bucket and with flushes") {
    std::string chunk;
    for (int i = 0; i < 500; ++i) {
        const auto number = std::to_string(i);
        chunk += "mabs counter http.requests.of.a.service 1 service=pins number=" + number + " region=us-east-1\n";
        chunk += "mabs  c  http.requests.of.a.service 1763750431 1 number=" + number + "  service=pins region=eu \n";
        chunk += "mabs gauge queue.length 2.5 queue=" + number + " by_node=True\n";
        chunk += "mabs g queue.length 1763750431250 1.25e-3 by_node=True queue=" + number + "\r\n";
    }
    World world;
    CHECK(world.steady_allocations(chunk) == 0);
    CHECK(world.ledger.accepted_lines == 4 * 2000);
    CHECK(world.ledger.rejected_total() == 0);
    CHECK(world.store.records == std::uint64_t{4} * (1000 + 500 + 500));
}

TEST_CASE("points") {
    std::string chunk;
    for (int i = 0; i < 200; ++i) {
        chunk += "put proc.loadavg.1min 1763750400 0.25 host=a number=" + std::to_string(i) + "\n";
    }
    World world;
    CHECK(world.steady_allocations(chunk) == 0);
    CHECK(world.store.records == 4 * 200);
}

TEST_CASE("samples and digests between flushes, once the digest has its size") {
    std::vector<double> samples;
    std::string chunk;
    for (int i = 0; i < 200; ++i) {
        samples.push_back(i * 1.5);
        chunk += "mabs sample db.ms " + std::to_string(i % 60) + ".5 db=users\n";
    }
    const auto digest = test::digest_text(samples);
    for (int i = 0; i < 20; ++i) {
        chunk += "mabs histogram db.ms " + digest + " db=users\n";
    }
    World world;
    for (int round = 0; round < 20; ++round) {
        world.receive(chunk);
    }
    const auto before = allocations;
    world.receive(chunk);
    CHECK(allocations - before <= 2); // a digest creeps up while its weight grows
    CHECK(world.ledger.rejected_total() == 0);
}

} // namespace
} // namespace agent::listen
