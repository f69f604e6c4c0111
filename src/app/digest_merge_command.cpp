#include "app/digest_merge_command.hpp"

#include "app/command_report.hpp"
#include "app/digest_limits.hpp"
#include "app/exit_code.hpp"
#include "app/line_input.hpp"
#include "mabs/digest_decode.hpp"
#include "mabs/digest_encode.hpp"
#include "mabs/digest_merger.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace agent::app {

namespace {

class Merge {
  public:
    explicit Merge(double compression)
        : compression_(compression),
          merger_({.max_compression = max_digest_compression,
                   .min_pending = max_pending_centroids,
                   .compression = compression}) {}

    // Tells what is wrong with the digest; nothing if it was merged.
    std::string add(std::string_view text) {
        if (const auto layout = mabs::decode_digest_text(text, scratch_, digest_); !layout) {
            return std::string(core::to_string(layout.error().reason())) + ": " + layout.error().message();
        }
        if (digest_.weight() > mabs::max_digest_weight - merged_.weight()) {
            return "the total weight up to here passes 2^53, beyond which a digest cannot count exactly";
        }
        if (!mabs::fits(merged_, digest_)) return "the sum up to here passes the range of a double";
        largest_compression_ = std::max(largest_compression_, digest_.compression());
        merger_.merge(merged_, digest_);
        return {};
    }

    mabs::TDigest& finish() {
        if (merged_.empty()) merged_ = mabs::TDigest(empty_compression());
        merger_.settle(merged_);
        return merged_;
    }

  private:
    [[nodiscard]] double empty_compression() const {
        if (compression_ != 0) return compression_;
        if (largest_compression_ == 0) return mabs::default_compression;
        return std::clamp(largest_compression_, min_digest_compression, max_digest_compression);
    }

    double compression_; // 0: not given
    double largest_compression_ = 0;
    mabs::DigestMerger merger_;
    mabs::TDigest merged_;
    mabs::TDigest digest_;
    std::vector<std::byte> scratch_;
};

} // namespace

int merge_digests(std::istream& in, std::ostream& out, std::ostream& err, const DigestMergeOptions& options) {
    LineInput lines(in);
    Merge merge(options.compression);
    while (lines.next()) {
        if (lines.is_too_long()) {
            report_line(err, lines.number(), too_long_line);
            return exit_failure;
        }
        if (lines.text().empty()) continue;
        if (const auto wrong = merge.add(lines.text()); !wrong.empty()) {
            report_line(err, lines.number(), wrong);
            return exit_failure;
        }
    }
    if (lines.failed()) {
        report(err, "cannot read standard input");
        return exit_failure;
    }
    std::string text;
    mabs::append_verbose_base64(merge.finish(), text);
    out << text << '\n';
    return exit_ok;
}

} // namespace agent::app
