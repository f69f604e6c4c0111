// The reader of journal files: the file's header, its frames and their records.
//
// Input: a byte that tells how the file comes about, and how many bytes a read gives at most. Below 128: the file is
// what follows. Else the rest is a script that makes a file of whole frames and then damages it, because no chance
// makes a right CRC: a byte tells what to do, the next ones where and with what.
//   0 to 2   appends a record whose key and value come from what follows
//   3        appends a frame of deltas, its payload from what follows
//   4        appends the bytes that follow as they are
//   5        flips a bit
//   6        cuts the file
//   7        takes some bytes out of its middle
#include "fuzz/fuzzer.hpp"
#include "journal/crc32c.hpp"
#include "journal/file_header.hpp"
#include "journal/frame_reader.hpp"
#include "journal/little_endian.hpp"
#include "journal/record_frame.hpp"
#include "support/fake_file_system.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace agent::fuzz {
namespace {

using journal::frame_header_bytes;
using journal::FrameReader;
using Bytes = std::vector<std::byte>;

struct Given {
    std::uint64_t offset = 0;
    std::uint64_t sequence = 0;
    Bytes payload;

    friend bool operator==(const Given&, const Given&) = default;
};

// Takes numbers and text from the front of the script; zeros and nothing behind its end.
class Script {
  public:
    explicit Script(std::string_view text) : rest_(text) {}

    bool empty() const { return rest_.empty(); }

    std::size_t byte() {
        const std::string_view one = text(1);
        return one.empty() ? 0 : static_cast<unsigned char>(one[0]);
    }

    std::size_t below(std::size_t end) { return end == 0 ? 0 : (byte() << 8 | byte()) % end; }

    std::string_view text(std::size_t size) {
        const std::string_view front = rest_.substr(0, size);
        rest_.remove_prefix(front.size());
        return front;
    }

  private:
    std::string_view rest_;
};

void append(Bytes& file, std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    file.insert(file.end(), bytes.begin(), bytes.end());
}

void step(Script& script, Bytes& file, std::uint64_t sequence) {
    switch (script.byte() % 8) {
    case 3: {
        const std::size_t begin = file.size();
        file.resize(begin + frame_header_bytes);
        append(file, script.text(script.byte()));
        journal::finish_frame(std::span(file).subspan(begin), journal::FrameType::deltas, sequence);
        break;
    }
    case 4: append(file, script.text(script.byte())); break;
    case 5:
        if (!file.empty()) {
            file[script.below(file.size())] ^= std::byte{1} << (script.byte() % 8);
        }
        break;
    case 6: file.resize(file.size() - script.below(file.size())); break;
    case 7: {
        const auto from = file.begin() + static_cast<std::ptrdiff_t>(script.below(file.size()));
        file.erase(from,
                   from + std::min<std::ptrdiff_t>(file.end() - from, static_cast<std::ptrdiff_t>(script.byte())));
        break;
    }
    default: {
        journal::StoredRecord record;
        record.seq = sequence;
        record.lines = script.byte();
        record.key = script.text(script.byte());
        record.value = script.text(script.byte());
        journal::append_record_frame(record, file);
        break;
    }
    }
}

Bytes file_of(std::string_view input) {
    Bytes file;
    if (input.empty() || static_cast<unsigned char>(input[0]) < 128) {
        append(file, input.substr(std::min<std::size_t>(1, input.size())));
        return file;
    }
    Script script(input.substr(1));
    for (std::uint64_t sequence = 1; !script.empty(); ++sequence) {
        step(script, file, sequence);
    }
    return file;
}

// A whole frame at this place, told without the code under test but for the CRC's tables.
std::optional<Given> slow_frame(std::span<const std::byte> file, std::size_t at) {
    const auto rest = file.subspan(at);
    if (rest.size() < frame_header_bytes || text_of(reinterpret_cast<const std::uint8_t*>(rest.data()), 4) != "MJFM") {
        return std::nullopt;
    }
    const auto number = [&](std::size_t from, std::size_t size) {
        std::uint64_t value = 0;
        for (std::size_t i = size; i-- > 0;) {
            value = value << 8 | std::to_integer<std::uint64_t>(rest[from + i]);
        }
        return value;
    };
    const std::uint64_t size = number(4, 4);
    const std::uint64_t type = number(16, 1);
    if (type < 1 || type > 2 || size > rest.size() - frame_header_bytes) {
        return std::nullopt;
    }
    Bytes covered(rest.begin() + 4, rest.begin() + 20);
    const auto payload = rest.subspan(frame_header_bytes, size);
    covered.insert(covered.end(), payload.begin(), payload.end());
    if (journal::crc32c_from_tables(covered) != number(20, 4)) {
        return std::nullopt;
    }
    return Given{.offset = at, .sequence = number(8, 8), .payload = {payload.begin(), payload.end()}};
}

struct Slow {
    std::vector<Given> frames;
    std::uint64_t good_end = 0;
    std::uint64_t damaged_places = 0;
    std::uint64_t damaged_bytes = 0;
};

// The first whole frame at or behind where the last one ended, and so on.
Slow slow_read(std::span<const std::byte> file) {
    Slow slow;
    for (std::size_t at = 0; at < file.size();) {
        auto frame = slow_frame(file, at);
        if (!frame) {
            ++at;
            continue;
        }
        slow.damaged_places += at != slow.good_end ? 1 : 0;
        slow.damaged_bytes += at - slow.good_end;
        at += frame_header_bytes + frame->payload.size();
        slow.good_end = at;
        slow.frames.push_back(std::move(*frame));
    }
    return slow;
}

void check_record(const Given& frame) {
    journal::StoredRecord record;
    // A payload with nothing behind it: the sanitizer sees a read past its end.
    const ExactCopy copy(text_of(reinterpret_cast<const std::uint8_t*>(frame.payload.data()), frame.payload.size()));
    if (!journal::read_record(frame.sequence, copy.bytes(), record)) {
        return;
    }
    require(record.seq == frame.sequence, "the record has the frame's sequence");
    require(record.key.size() + record.value.size() + journal::record_fixed_bytes == frame.payload.size(),
            "key and value are all of the payload behind its fixed part");
    Bytes again;
    journal::append_record_frame(record, again);
    require(std::ranges::equal(std::span(again).subspan(frame_header_bytes), frame.payload),
            "what is read is written the same");
}

void check_reader(const Bytes& file, const Slow& slow, std::size_t read_max) {
    test::FakeFileSystem files;
    files.put("f", file);
    files.set_read_max(read_max);
    const auto descriptor = files.open("f").value();
    FrameReader reader(files, descriptor, 0);
    std::size_t count = 0;
    while (const auto frame = reader.next()) {
        require(count < slow.frames.size(), "no more frames than there are");
        const Given given{.offset = frame->offset,
                          .sequence = frame->header.sequence,
                          .payload = {frame->payload.begin(), frame->payload.end()}};
        require(given == slow.frames[count], "the frame is the one that stands there");
        ++count;
        check_record(given);
    }
    require(count == slow.frames.size(), "all whole frames are given");
    require(!reader.failure(), "nothing has failed");
    require(reader.good_end() == slow.good_end, "the good end is that of the last frame");
    require(reader.damaged_places() == slow.damaged_places, "damaged places are counted");
    require(reader.damaged_bytes() == slow.damaged_bytes, "damaged bytes are counted");
    require(reader.torn_bytes() == file.size() - slow.good_end, "the torn tail is the rest");
}

void check_header(const Bytes& file) {
    const ExactCopy copy(text_of(reinterpret_cast<const std::uint8_t*>(file.data()), file.size()));
    journal::FileHeader header;
    const auto verdict = journal::decode(copy.bytes(), header);
    require(verdict == journal::HeaderCheck::damaged ||
                (file.size() >= journal::file_header_bytes &&
                 journal::crc32c_from_tables(copy.bytes().first(76)) == journal::load<std::uint32_t>(file.data() + 76)),
            "without its CRC a header is damaged");
    if (verdict != journal::HeaderCheck::good) {
        return;
    }
    require(header.run.size() <= 36, "the run has its bytes at most");
    journal::FileHeader again;
    require(journal::decode(journal::encode(header), again) == journal::HeaderCheck::good &&
                again.kind == header.kind && again.number == header.number &&
                again.last_closed_frame == header.last_closed_frame && again.run == header.run,
            "a header that is read is written the same");
}

void check(std::string_view input) {
    const Bytes file = file_of(input);
    check_header(file);
    const std::size_t read_max = input.empty() ? 1 : 1 + static_cast<unsigned char>(input[0]) % 128 * 8;
    check_reader(file, slow_read(file), read_max);
}

} // namespace
} // namespace agent::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    agent::fuzz::check(agent::fuzz::text_of(data, size));
    return 0;
}
