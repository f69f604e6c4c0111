#include "app/digest_command.hpp"

#include "app/digest_encode_command.hpp"
#include "app/digest_merge_command.hpp"
#include "app/digest_show_command.hpp"
#include "app/exit_code.hpp"
#include "mabs/digest_decode.hpp"
#include "support/digest_text.hpp"

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace agent;
using test::digest_text;
using test::heavy_digest_text;

struct Ran {
    int code = 0;
    std::string out;
    std::string err;
};

template <typename Command, typename Options>
Ran ran(Command command, std::string_view input, const Options& options) {
    std::istringstream in{std::string(input)};
    std::ostringstream out;
    std::ostringstream err;
    const int code = command(in, out, err, options);
    return {code, out.str(), err.str()};
}

Ran encode(std::string_view input, const app::DigestEncodeOptions& options = {}) {
    return ran(app::encode_digest, input, options);
}
Ran merge(std::string_view input, const app::DigestMergeOptions& options = {}) {
    return ran(app::merge_digests, input, options);
}
Ran show(std::string_view input, const app::DigestShowOptions& options) {
    return ran(app::show_digests, input, options);
}
Ran show_json(std::string_view input, std::string_view quantiles = "0.5") {
    return show(input, {.json = true, .quantiles = *app::parse_quantiles(quantiles)});
}
Ran show_text(std::string_view input, std::size_t chart_columns = 0) {
    return show(input, {.quantiles = *app::parse_quantiles("0.5"), .chart_columns = chart_columns});
}

struct Decoded {
    mabs::DigestLayout layout;
    mabs::TDigest digest;
};

// Of one line, its line feed included.
Decoded decoded(const std::string& output) {
    REQUIRE(output.find('\n') == output.size() - 1);
    std::vector<std::byte> scratch;
    mabs::TDigest digest;
    const auto layout = mabs::decode_digest_text(output.substr(0, output.size() - 1), scratch, digest);
    REQUIRE(layout.has_value());
    return {*layout, std::move(digest)};
}

std::string lines(const std::vector<std::string>& texts) {
    std::string joined;
    for (const auto& text : texts)
        joined += text + '\n';
    return joined;
}

std::string numbers(int count) {
    std::string text;
    for (int i = 1; i <= count; ++i)
        text += std::to_string(i) + '\n';
    return text;
}

// What a command line comes to; the command itself runs only if it is right.
int usage(std::vector<std::string> words) {
    CLI::App command("test", "metrics-agent");
    int code = app::exit_ok;
    app::add_digest_commands(command, code);
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    try {
        command.parse(reversed);
    } catch (const CLI::ParseError& error) {
        return error.get_exit_code() == 0 ? app::exit_ok : app::exit_usage;
    }
    return code;
}

} // namespace

TEST_CASE("encode makes a verbose digest of all numbers") {
    const auto result = encode("3\n\n -1.5e1\t\r\n+.5\n1e-400\n7"); // blanks, CRLF, an empty line, no LF at the end
    CHECK(result.code == app::exit_ok);
    CHECK(result.err.empty());
    const auto [layout, digest] = decoded(result.out);
    CHECK(layout == mabs::DigestLayout::merging_verbose);
    CHECK(digest.weight() == 5);
    CHECK(digest.min() == -15);
    CHECK(digest.max() == 7);
    CHECK(digest.sum() == -4.5);
    CHECK(digest.compression() == 100);
}

TEST_CASE("encode takes a compression, for an empty digest too") {
    CHECK(decoded(encode(numbers(10), {.compression = 200}).out).digest.compression() == 200);
    CHECK(decoded(encode("", {.compression = 200}).out).digest.compression() == 200);
    const auto coarse = decoded(encode(numbers(50'000), {.compression = 20}).out).digest;
    const auto fine = decoded(encode(numbers(50'000), {.compression = 500}).out).digest;
    CHECK(coarse.weight() == 50'000);
    CHECK(fine.weight() == 50'000);
    CHECK(coarse.centroids().size() <= 50);
    CHECK(fine.centroids().size() > 300);
}

TEST_CASE("encode writes the small layout where it can") {
    const auto small = encode(numbers(1000), {.small = true});
    CHECK(decoded(small.out).layout == mabs::DigestLayout::merging_small);
    CHECK(decoded(small.out).digest.weight() == 1000);
    CHECK(small.err.empty());
    const auto not_small = encode("1e300\n", {.small = true});
    CHECK(not_small.code == app::exit_ok);
    CHECK(decoded(not_small.out).layout == mabs::DigestLayout::merging_verbose);
    CHECK(not_small.err.find("verbose") != std::string::npos);
}

TEST_CASE("encode of nothing is an empty digest") {
    for (const auto* input : {"", "\n", " \n\n"}) {
        const auto result = encode(input);
        CHECK(result.code == app::exit_ok);
        CHECK(decoded(result.out).digest.empty());
    }
}

TEST_CASE("encode refuses what is no number, and names the line") {
    struct Case {
        std::string input;
        std::string_view err;
    };
    const std::vector<Case> cases{
        {"1\n\nabc\n2\nx\n", "metrics-agent: line 3: \"abc\" is not a number\n"},
        {"1 2\n", "metrics-agent: line 1: \"1 2\" is not a number\n"},
        {"nan", "metrics-agent: line 1: \"nan\" is not a number\n"},
        {"inf", "metrics-agent: line 1: \"inf\" is not a number\n"},
        {"0x1", "metrics-agent: line 1: \"0x1\" is not a number\n"},
        {"1,5", "metrics-agent: line 1: \"1,5\" is not a number\n"},
        {"\x1b[2J", "metrics-agent: line 1: \"\\x1b[2J\" is not a number\n"},
        {std::string("1\0", 2), "metrics-agent: line 1: \"1\\x00\" is not a number\n"},
        {"1e309", "metrics-agent: line 1: \"1e309\" is beyond the range of a double\n"},
        {"1e308\n1e308", "metrics-agent: line 2: the sum of the numbers passes the range of a double\n"},
    };
    for (const auto& [input, err] : cases) {
        CAPTURE(input);
        const auto result = encode(input);
        CHECK(result.code == app::exit_failure);
        CHECK(result.out.empty());
        CHECK(result.err == err);
    }
}

TEST_CASE("a stream that cannot be read is a failure") {
    std::istringstream in;
    in.setstate(std::ios::badbit);
    std::ostringstream out;
    std::ostringstream err;
    CHECK(app::encode_digest(in, out, err, {}) == app::exit_failure);
    CHECK(app::merge_digests(in, out, err, {}) == app::exit_failure);
    CHECK(app::show_digests(in, out, err, {}) == app::exit_failure);
    CHECK(out.str().empty());
    CHECK(err.str().starts_with("metrics-agent: cannot read standard input\n"));
}

TEST_CASE("show as JSON: one object for each line, empty ones too") {
    const auto result =
        show_json(digest_text({1, 2, 4.5}) + "\n\n" + heavy_digest_text(0.1, 1e15) + "\nA*==\nAAAAAQ==", "0.50, 1");
    CHECK(result.code == app::exit_failure);
    CHECK(result.err.empty());
    CHECK(result.out ==
          R"({"count":3,"min":1,"max":4.5,"sum":7.5,"layout":"merging-verbose","compression":100,"centroids":3,)"
          R"("quantiles":{"0.50":2,"1":4.5}})"
          "\n"
          R"({"error":{"line":2,"code":"bad_digest","message":"0 bytes are too few for a digest"}})"
          "\n"
          R"({"count":1000000000000000,"min":0.1,"max":0.1,"sum":100000000000000,"layout":"merging-verbose",)"
          R"("compression":100,"centroids":1,"quantiles":{"0.50":0.1,"1":0.1}})"
          "\n"
          R"({"error":{"line":4,"code":"bad_base64","message":"character 1 is not of the standard Base64 alphabet"}})"
          "\n"
          R"({"error":{"line":5,"code":"bad_digest","message":"4 bytes are too few for a digest"}})"
          "\n");
}

TEST_CASE("show as JSON writes null for what is not finite") {
    CHECK(show_json(encode("").out).out ==
          R"({"count":0,"min":null,"max":null,"sum":0,"layout":"merging-verbose","compression":100,"centroids":0,)"
          R"("quantiles":{"0.5":null}})"
          "\n");
    CHECK(show_json(heavy_digest_text(1e308, 100)).out.find(R"("sum":null)") != std::string::npos);
}

TEST_CASE("show of good digests, or of nothing, is no failure") {
    CHECK(show_json("").code == app::exit_ok);
    CHECK(show_json("").out.empty());
    CHECK(show_json(digest_text({1})).code == app::exit_ok);
    CHECK(show_json(digest_text({1}) + "\r\n").code == app::exit_ok);
}

TEST_CASE("show as text: aligned, an empty line between digests, bad lines on standard error") {
    const auto result = show_text(digest_text({1, 2, 4.5}) + "\nA*==\n" + encode("").out);
    CHECK(result.code == app::exit_failure);
    CHECK(result.err == "metrics-agent: line 2: bad_base64: character 1 is not of the standard Base64 alphabet\n");
    CHECK(result.out ==
          "count         3\n"
          "min           1\n"
          "max           4.5\n"
          "sum           7.5\n"
          "layout        merging-verbose\n"
          "compression   100\n"
          "centroids     3\n"
          "quantile 0.5  2\n"
          "\n"
          "count         0\n"
          "min           -\n"
          "max           -\n"
          "sum           0\n"
          "layout        merging-verbose\n"
          "compression   100\n"
          "centroids     0\n"
          "quantile 0.5  -\n");
}

TEST_CASE("show as text has a chart only where it is told how wide") {
    const auto digest = encode(numbers(1000)).out;
    CHECK(show_text(digest).out.find("█") == std::string::npos);
    CHECK(show_text(digest, 80).out.find("\n\n  1 .. 100  █") != std::string::npos);
    CHECK(show(digest, {.json = true, .chart_columns = 80}).out.find("█") == std::string::npos);
}

TEST_CASE("quantiles: keys as typed") {
    const auto parsed = app::parse_quantiles("0, .5 ,0.90,1e-3,1.");
    REQUIRE(parsed.has_value());
    CHECK(*parsed == std::vector<app::Quantile>{{"0", 0}, {".5", 0.5}, {"0.90", 0.9}, {"1e-3", 0.001}, {"1.", 1}});
    for (const auto* wrong : {"", ",", "0.5,", ",0.5", "1.1", "-0.1", "nan", "x", "0.5 0.9", "0.5;0.9", "0.5,0.5"}) {
        CAPTURE(wrong);
        CHECK_FALSE(app::parse_quantiles(wrong).has_value());
    }
}

TEST_CASE("merge keeps weight, min and max") {
    std::string input;
    for (int i = 0; i < 300; ++i) {
        input += digest_text({static_cast<double>(i), static_cast<double>(-i), 0.5}) + (i % 7 == 0 ? "\n\n" : "\r\n");
    }
    const auto result = merge(input);
    CHECK(result.code == app::exit_ok);
    CHECK(result.err.empty());
    const auto [layout, digest] = decoded(result.out);
    CHECK(layout == mabs::DigestLayout::merging_verbose);
    CHECK(digest.weight() == 900);
    CHECK(digest.min() == -299);
    CHECK(digest.max() == 299);
    CHECK(digest.sum() == doctest::Approx(150));
    CHECK(digest.centroids().size() <= 210);
}

TEST_CASE("merge takes the largest compression, or the one it is told") {
    const auto low = encode(numbers(100), {.compression = 50}).out;
    const auto high = encode(numbers(100), {.compression = 300}).out;
    const auto empty = encode("", {.compression = 400}).out;
    CHECK(decoded(merge(low).out).digest.compression() == 50);
    CHECK(decoded(merge(low + high + low).out).digest.compression() == 300);
    CHECK(decoded(merge(low + high, {.compression = 70}).out).digest.compression() == 70);
    CHECK(decoded(merge(empty).out).digest.compression() == 400);
    CHECK(decoded(merge("").out).digest.compression() == 100);
    CHECK(decoded(merge("", {.compression = 70}).out).digest.compression() == 70);
    CHECK(decoded(merge("\n").out).digest.empty());
}

TEST_CASE("merge folds what is too much for the compression it is told") {
    const auto fine = encode(numbers(50'000), {.compression = 1000}).out;
    const auto digest = decoded(merge(fine, {.compression = 20}).out).digest;
    CHECK(digest.weight() == 50'000);
    CHECK(digest.centroids().size() <= 50);
}

TEST_CASE("merge refuses a bad line, names it and writes nothing") {
    const auto good = digest_text({1});
    struct Case {
        std::string input;
        std::string_view err;
    };
    const std::vector<Case> cases{
        {lines({good, "", "AAAA"}), "metrics-agent: line 3: bad_digest: 3 bytes are too few for a digest\n"},
        {lines({"?", good}), "metrics-agent: line 1: bad_base64: character 0 is not of the standard Base64 alphabet\n"},
        {lines({good, heavy_digest_text(1, 9007199254740992.0)}),
         "metrics-agent: line 2: the total weight up to here passes 2^53, beyond which a digest cannot count "
         "exactly\n"},
        {lines({digest_text({1e308}), digest_text({1e308})}),
         "metrics-agent: line 2: the sum up to here passes the range of a double\n"},
    };
    for (const auto& [input, err] : cases) {
        CAPTURE(input);
        const auto result = merge(input);
        CHECK(result.code == app::exit_failure);
        CHECK(result.out.empty());
        CHECK(result.err == err);
    }
    CHECK(merge(heavy_digest_text(1, 9007199254740992.0)).code == app::exit_ok);
}

TEST_CASE("wrong usage is told from wrong input") {
    const std::vector<std::vector<std::string>> wrong{
        {"digest"},
        {"digest", "fold"},
        {"digest", "encode", "--compression", "9.9"},
        {"digest", "encode", "--compression", "1001"},
        {"digest", "encode", "--compression", "nan"},
        {"digest", "encode", "--compression", "many"},
        {"digest", "encode", "--compression"},
        {"digest", "encode", "7"},
        {"digest", "show", "--quantiles", "2"},
        {"digest", "show", "--quantiles", ""},
        {"digest", "show", "--small"},
        {"digest", "merge", "--compression", "0"},
    };
    for (const auto& words : wrong) {
        CAPTURE(words.size());
        CAPTURE(words.back());
        CHECK(usage(words) == app::exit_usage);
    }
    CHECK(usage({"digest", "show", "--help"}) == app::exit_ok);
}
