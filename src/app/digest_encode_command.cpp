#include "app/digest_encode_command.hpp"

#include "app/command_report.hpp"
#include "app/digest_limits.hpp"
#include "app/exit_code.hpp"
#include "app/line_input.hpp"
#include "mabs/digest_encode.hpp"
#include "mabs/digest_merger.hpp"
#include "mabs/line_error.hpp"
#include "mabs/number.hpp"

#include <string>

namespace agent::app {

namespace {

void report_number(std::ostream& err, const LineInput& lines, mabs::NumberFault fault) {
    std::string text;
    if (lines.is_too_long()) {
        text = "is too long to be a number";
    } else {
        mabs::append_quoted(text, lines.text());
        text += fault == mabs::NumberFault::out_of_range ? " is beyond the range of a double" : " is not a number";
    }
    report_line(err, lines.number(), text);
}

bool add_numbers(LineInput& lines, std::ostream& err, mabs::DigestMerger& merger, mabs::TDigest& digest) {
    while (lines.next()) {
        if (lines.text().empty() && !lines.is_too_long()) continue;
        double number = 0;
        const auto fault = mabs::parse_decimal(lines.text(), number);
        if (fault != mabs::NumberFault::none) {
            report_number(err, lines, fault);
            return false;
        }
        if (!mabs::fits(digest, number)) {
            report_line(err, lines.number(), "the sum of the numbers passes the range of a double");
            return false;
        }
        merger.add(digest, number);
    }
    if (lines.failed()) report(err, "cannot read standard input");
    return !lines.failed();
}

} // namespace

int encode_digest(std::istream& in, std::ostream& out, std::ostream& err, const DigestEncodeOptions& options) {
    LineInput lines(in);
    mabs::DigestMerger merger({.min_pending = max_pending_centroids, .compression = options.compression});
    mabs::TDigest digest(options.compression);
    if (!add_numbers(lines, err, merger, digest)) return exit_failure;
    merger.settle(digest);
    std::string text;
    if (!options.small) {
        mabs::append_verbose_base64(digest, text);
    } else if (mabs::append_small_base64(digest, text) != mabs::DigestLayout::merging_small) {
        report(err, "the small layout cannot carry these numbers: verbose written");
    }
    out << text << '\n';
    return exit_ok;
}

} // namespace agent::app
