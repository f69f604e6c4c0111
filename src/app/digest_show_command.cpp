#include "app/digest_show_command.hpp"

#include "app/command_report.hpp"
#include "app/digest_chart.hpp"
#include "app/digest_facts.hpp"
#include "app/exit_code.hpp"
#include "app/line_input.hpp"
#include "core/reject_reason.hpp"
#include "forward/text_writer.hpp"
#include "mabs/digest_decode.hpp"
#include "mabs/digest_quantile.hpp"
#include "mabs/number.hpp"
#include "mabs/tdigest.hpp"

#include <algorithm>
#include <cmath>

namespace agent::app {

namespace {

using forward::TextWriter;

struct Fault {
    std::string_view code;
    std::string message;
};

std::string number_text(double value) {
    std::string text;
    TextWriter(text, TextWriter::number_chars).number(value);
    return text;
}

std::string json_string(std::string_view text) {
    std::string quoted;
    TextWriter(quoted, text.size() * TextWriter::json_chars_per_byte + 2).json_string(text);
    return quoted;
}

class DigestShow {
  public:
    DigestShow(std::ostream& out, std::ostream& err, const DigestShowOptions& options)
        : out_(out), err_(err), options_(options) {}

    // False for a bad line.
    bool show(const LineInput& line) {
        if (line.is_too_long()) {
            const auto code = core::to_string(core::RejectReason::line_too_long);
            return fail(line.number(), {code, "line is longer than 16 MiB"});
        }
        const auto layout = mabs::decode_digest_text(line.text(), scratch_, digest_);
        if (!layout) return fail(line.number(), {core::to_string(layout.error().reason()), layout.error().message()});
        options_.json ? show_json(*layout) : show_text(*layout);
        return true;
    }

  private:
    bool fail(std::size_t line_number, const Fault& fault) {
        if (options_.json) {
            out_ << R"({"error":{"line":)" << line_number << R"(,"code":)" << json_string(fault.code)
                 << R"(,"message":)" << json_string(fault.message) << "}}\n";
        } else {
            out_.flush(); // so that on a terminal it stands in its place
            report_line(err_, line_number, std::string(fault.code) + ": " + fault.message);
        }
        return false;
    }

    void show_json(mabs::DigestLayout layout) {
        std::string facts;
        append_digest_facts(facts, digest_, layout);
        out_ << '{' << facts << R"(,"quantiles":{)";
        std::string_view comma;
        for (const auto& quantile : options_.quantiles) {
            out_ << comma << json_string(quantile.typed) << ':' << number_text(mabs::quantile(digest_, quantile.q));
            comma = ",";
        }
        out_ << "}}\n";
    }

    void show_text(mabs::DigestLayout layout) {
        if (shown_any_) out_ << '\n';
        shown_any_ = true;
        text_number("count", digest_.weight());
        text_number("min", digest_.min());
        text_number("max", digest_.max());
        text_number("sum", digest_.sum());
        text_line("layout", to_string(layout));
        text_number("compression", digest_.compression());
        text_number("centroids", static_cast<double>(digest_.centroids().size()));
        for (const auto& quantile : options_.quantiles) {
            text_number("quantile " + quantile.typed, mabs::quantile(digest_, quantile.q));
        }
        if (options_.chart_columns == 0) return;
        if (const auto chart = digest_chart(digest_, options_.chart_columns); !chart.empty()) out_ << '\n' << chart;
    }

    void text_number(std::string_view name, double value) {
        text_line(name, std::isfinite(value) ? number_text(value) : "-");
    }

    void text_line(std::string_view name, std::string_view value) {
        out_ << name << std::string(name_columns() - name.size(), ' ') << value << '\n';
    }

    [[nodiscard]] std::size_t name_columns() const {
        std::size_t widest = std::string_view("compression").size();
        for (const auto& quantile : options_.quantiles) {
            widest = std::max(widest, std::string_view("quantile ").size() + quantile.typed.size());
        }
        return widest + 2;
    }

    std::ostream& out_;
    std::ostream& err_;
    const DigestShowOptions& options_;
    mabs::TDigest digest_;
    std::vector<std::byte> scratch_;
    bool shown_any_ = false;
};

std::string_view without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace

std::optional<std::vector<Quantile>> parse_quantiles(std::string_view list) {
    std::vector<Quantile> quantiles;
    for (bool more = true; more;) {
        const auto comma = list.find(',');
        const auto typed = without_blanks(list.substr(0, comma));
        double q = 0;
        if (mabs::parse_decimal(typed, q) != mabs::NumberFault::none || q < 0 || q > 1) return std::nullopt;
        if (std::ranges::find(quantiles, typed, &Quantile::typed) != quantiles.end()) return std::nullopt;
        quantiles.push_back({std::string(typed), q});
        more = comma != std::string_view::npos;
        if (more) list.remove_prefix(comma + 1);
    }
    return quantiles;
}

int show_digests(std::istream& in, std::ostream& out, std::ostream& err, const DigestShowOptions& options) {
    LineInput lines(in);
    DigestShow digests(out, err, options);
    bool all_good = true;
    while (out && lines.next())
        all_good = digests.show(lines) && all_good;
    if (lines.failed()) report(err, "cannot read standard input");
    return all_good && !lines.failed() ? exit_ok : exit_failure;
}

} // namespace agent::app
