// However the bytes come, the records are the same ones: what a restart reads again is cut as it was.
#include "support/effort.hpp"
#include "tail/framer.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace agent::tail {
namespace {

struct Piece {
    std::uint64_t begin = 0; // in the file
    std::uint64_t end = 0;
    std::string value;

    friend bool operator==(const Piece&, const Piece&) = default;
};

// Feeds a file as it grows: each time all that is not used yet, up to the next of `stops`.
class Feed {
  public:
    Feed(const StreamOptions& options, std::size_t max_bytes) : framer_(options), max_bytes_(max_bytes) {}

    void up_to(std::string_view file, std::size_t stop, End end) {
        framer_.cut(file.substr(offset_, stop - offset_), end, frame_left_, max_bytes_, cuts_);
        REQUIRE(cuts_.used_bytes <= stop - offset_);
        auto at = offset_;
        for (const auto& each : cuts_.records) {
            REQUIRE(each.size_bytes <= max_bytes_);
            const auto value_at = offset_ + each.at;
            REQUIRE(value_at >= at);
            REQUIRE(value_at + each.size_bytes <= at + each.span_bytes);
            pieces.push_back({at, at + each.span_bytes, std::string(file.substr(value_at, each.size_bytes))});
            at += each.span_bytes;
        }
        REQUIRE(at == offset_ + cuts_.used_bytes);
        offset_ = at;
        frame_left_ = cuts_.frame_left;
        is_impossible = cuts_.is_impossible;
    }

    std::vector<Piece> pieces;
    bool is_impossible = false;

  private:
    Framer framer_;
    std::size_t max_bytes_;
    std::size_t offset_ = 0;
    std::uint32_t frame_left_ = 0;
    Cuts cuts_;
};

std::string random_file(std::mt19937& random, Framing framing) {
    std::string text;
    for (auto i = random() % 12; i != 0; --i) {
        const auto size = random() % (random() % 4 == 0 ? 40 : 8);
        if (framing == Framing::frames) {
            text.append(3, '\0').push_back(static_cast<char>(size));
        }
        for (unsigned k = 0; k < size; ++k) {
            text.push_back(" Xa\xFF"[random() % 4]);
        }
        if (framing != Framing::frames) {
            text.push_back('\n');
        }
    }
    if (random() % 3 == 0) {
        text.append("\0\0\0\xFFXa", random() % 6 + 1);
    }
    return text;
}

// The records when all comes at once, and in pieces.
void compare(std::mt19937& random, Framing framing, std::size_t max_bytes) {
    StreamOptions options;
    options.framing = framing;
    options.multiline_start = "^X";
    const auto file = random_file(random, framing);
    CAPTURE(file);
    Feed whole(options, max_bytes);
    whole.up_to(file, file.size(), End::final);
    for (std::size_t middle = 0; middle <= file.size(); ++middle) {
        CAPTURE(middle);
        Feed two(options, max_bytes);
        two.up_to(file, middle, End::open);
        two.up_to(file, file.size(), End::final);
        CHECK(two.pieces == whole.pieces);
        CHECK(two.is_impossible == whole.is_impossible);
    }
    Feed many(options, max_bytes);
    for (std::size_t stop = 0; stop < file.size(); stop += 1 + random() % 10) {
        many.up_to(file, stop, End::open);
    }
    many.up_to(file, file.size(), End::final);
    CHECK(many.pieces == whole.pieces);
}

TEST_CASE("any two pieces, and many, give the records of the whole") {
    std::mt19937 random(1);
    for (unsigned i = 0; i < test::effort(300); ++i) {
        CAPTURE(i);
        for (const auto max_bytes : {8U, 64U, 4096U}) {
            CAPTURE(max_bytes);
            compare(random, Framing::lines, max_bytes);
            compare(random, Framing::frames, max_bytes);
        }
        compare(random, Framing::multiline, 4096);
    }
}

// Where packing or parts depend on what came together, no byte is lost and none is out of its place.
TEST_CASE("packed, silent, and in parts: values are the file's bytes, without a gap") {
    std::mt19937 random(2);
    for (unsigned i = 0; i < test::effort(2000); ++i) {
        CAPTURE(i);
        StreamOptions options;
        options.framing = static_cast<Framing>(random() % 3);
        options.multiline_start = "^X";
        options.pack_bytes = random() % 40;
        const auto file = random_file(random, options.framing);
        CAPTURE(file);
        Feed feed(options, 8 + random() % 40);
        for (std::size_t stop = 0; stop < file.size() && !feed.is_impossible; stop += 1 + random() % 20) {
            feed.up_to(file, stop, random() % 4 == 0 ? End::silent : End::open);
        }
        if (!feed.is_impossible) {
            feed.up_to(file, file.size(), End::final);
        }
        std::uint64_t end = 0;
        for (const auto& piece : feed.pieces) {
            CHECK(piece.begin == end);
            end = piece.end;
            auto bytes = file.substr(piece.begin, piece.end - piece.begin);
            if (options.framing != Framing::frames && bytes.size() == piece.value.size() + 1) {
                CHECK(bytes.back() == '\n');
                bytes.pop_back();
            } else if (options.framing == Framing::frames && bytes.size() == piece.value.size() + 4) {
                bytes.erase(0, 4);
            }
            CHECK(bytes == piece.value);
        }
        if (options.framing != Framing::frames) {
            CHECK(end == file.size());
        }
    }
}

} // namespace
} // namespace agent::tail
