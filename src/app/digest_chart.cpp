#include "app/digest_chart.hpp"

#include "mabs/digest_quantile.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

namespace agent::app {

namespace {

constexpr int max_rows = 12;
constexpr std::size_t share_columns = 8; // a blank and `100.0 %`
constexpr std::string_view between = " .. ";

struct Row {
    std::string from;
    std::string to;
    double share = 0; // 0 to 1
};

struct Range {
    double low;
    double high;
};

// What the rows spread over.
Range charted_range(const mabs::TDigest& digest) {
    const Range most{mabs::quantile(digest, 0.01), mabs::quantile(digest, 0.99)};
    const double spread = most.high - most.low;
    Range range{digest.min(), digest.max()};
    if (!(spread > 0)) return range;
    if (range.low < most.low - spread) range.low = most.low;
    if (range.high > most.high + spread) range.high = most.high;
    return range;
}

// The smallest of 1, 2 or 5 times a power of ten that takes no more than max_rows - 1 steps.
double step_over(Range range) {
    const double least = range.high / (max_rows - 1) - range.low / (max_rows - 1); // a difference may overflow
    const double power = std::pow(10, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= least) return factor * power;
    }
    return 10 * power;
}

// Multiples of the step within the range, ends excluded, so none where the range is a point or too narrow for doubles.
std::vector<double> inner_edges(Range range, double step) {
    std::vector<double> edges;
    const double first = std::floor(range.low / step) + 1;
    const double rounding = step * 1e-6; // an end may be a multiple itself
    double last = range.low;
    for (int i = 0; i + 1 < max_rows; ++i) {
        const double edge = (first + i) * step;
        if (!(range.high - edge > rounding)) break;
        if (edge - last > rounding) edges.push_back(last = edge);
    }
    return edges;
}

// Where nearly all samples are above 0 and spread over more than two powers of ten, equal steps would put them all into
// the first row.
bool is_long_tailed(const mabs::TDigest& digest) {
    const double low = mabs::quantile(digest, 0.01);
    return low > 0 && mabs::quantile(digest, 0.99) / low >= 100;
}

// 1, 2 and 5 times powers of ten within the range, ends excluded; where those are too many, powers of ten alone, or
// each second, third, ... of them.
std::vector<double> geometric_edges(Range range) {
    const double low = std::log10(range.low);
    const double decades = std::log10(range.high) - low;
    const bool has_parts = 3 * decades < max_rows - 1;
    const int step = std::max(1, static_cast<int>(std::ceil(decades / (max_rows - 1))));
    std::vector<double> edges;
    const auto add = [&](double edge) {
        if (edge > range.low && edge < range.high && edges.size() + 1 < max_rows) edges.push_back(edge);
    };
    for (int exponent = static_cast<int>(std::floor(low)); exponent <= low + decades; exponent += step) {
        const double power = std::pow(10, exponent);
        add(power);
        if (has_parts) {
            add(2 * power);
            add(5 * power);
        }
    }
    return edges;
}

// Of a long-tailed digest: from a tenth of the 1 % quantile to ten times the 99 % one, if there are samples there.
Range geometric_range(const mabs::TDigest& digest) {
    const double low = mabs::quantile(digest, 0.01);
    return {std::max(digest.min(), low / 10 > 0 ? low / 10 : low),
            std::min(digest.max(), mabs::quantile(digest, 0.99) * 10)};
}

std::string label(double value, int digits) {
    std::array<char, 40> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, digits);
    return {text.data(), end.ptr};
}

// Enough to tell one edge from the next.
int label_digits(Range range, double step) {
    const double digits = std::ceil(std::log10(std::max(std::abs(range.low), std::abs(range.high)) / step)) + 1;
    return digits > 6 ? static_cast<int>(std::min(digits, 17.0)) : 6; // NaN: 6
}

struct Edges {
    std::vector<double> inner;
    int digits; // of their labels
};

Edges chart_edges(const mabs::TDigest& digest) {
    constexpr int usual_digits = 6;
    // One centroid says nothing about where between min and max its samples lie.
    if (digest.centroids().size() > 1 && is_long_tailed(digest)) {
        return {geometric_edges(geometric_range(digest)), usual_digits};
    }
    const Range range = charted_range(digest);
    const double step = step_over(range);
    return {digest.centroids().size() == 1 ? std::vector<double>{} : inner_edges(range, step),
            label_digits(range, step)};
}

std::vector<Row> chart_rows(const mabs::TDigest& digest) {
    const auto [edges, digits] = chart_edges(digest);
    std::vector<Row> rows;
    std::string from = label(digest.min(), digits);
    double below = 0;
    for (const double edge : edges) {
        const double share = std::clamp(mabs::cdf(digest, edge), below, 1.0);
        rows.push_back({from, label(edge, digits), share - below});
        from = rows.back().to;
        below = share;
    }
    rows.push_back({from, label(digest.max(), digits), 1 - below});
    return rows;
}

// In eighths of a column.
void append_bar(std::string& out, std::size_t eighths, std::size_t columns) {
    constexpr std::array<std::string_view, 8> parts{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    std::size_t used = eighths / 8;
    for (std::size_t i = 0; i < used; ++i)
        out += "█";
    if (eighths % 8 != 0) {
        out += parts[eighths % 8];
        ++used;
    }
    out.append(columns - used, ' ');
}

void append_share(std::string& out, double share) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), 100 * share, std::chars_format::fixed, 1);
    const std::string_view percent(text.data(), static_cast<std::size_t>(end.ptr - text.data()));
    out.append(share_columns - 2 - percent.size(), ' ');
    out.append(percent).append(" %");
}

std::size_t widest(const std::vector<Row>& rows, std::string Row::* column) {
    std::size_t width = 0;
    for (const auto& row : rows)
        width = std::max(width, (row.*column).size());
    return width;
}

} // namespace

std::string digest_chart(const mabs::TDigest& digest, std::size_t columns) {
    if (digest.empty()) return {};
    const auto rows = chart_rows(digest);
    const std::size_t from_columns = widest(rows, &Row::from);
    const std::size_t to_columns = widest(rows, &Row::to);
    const std::size_t others = from_columns + between.size() + to_columns + 1 + share_columns;
    if (columns < others + min_chart_bar_columns) return {};
    const std::size_t bar_columns = std::min(columns - others, max_chart_bar_columns);
    const double largest = std::ranges::max_element(rows, {}, &Row::share)->share;
    std::string out;
    for (const auto& row : rows) {
        const double eighths = std::ceil(row.share / largest * static_cast<double>(8 * bar_columns)); // the least shows
        out.append(from_columns - row.from.size(), ' ').append(row.from).append(between).append(row.to);
        out.append(to_columns - row.to.size() + 1, ' ');
        append_bar(out, std::min(static_cast<std::size_t>(eighths), 8 * bar_columns), bar_columns);
        append_share(out, row.share);
        out += '\n';
    }
    return out;
}

} // namespace agent::app
