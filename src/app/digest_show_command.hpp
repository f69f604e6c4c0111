// `metrics-agent digest show`: Base64 t-digests, one a line -> what is in each, as text or as JSON.
//
// Text: one `name  value` a line, an empty line between digests; what is not finite is `-`. A line that is no digest
// goes to `err` (`metrics-agent: line 3: bad_digest: ...`), and the others go on. JSON: one object for each line of
// input, empty ones too; the keys of `quantiles` as typed; not finite: null.
//     {"count":..,"min":..,"max":..,"sum":..,"layout":"merging-verbose","compression":..,"centroids":..,"quantiles":{..}}
//     {"error":{"line":3,"code":"bad_base64","message":".."}}
// Numbers are the shortest that parse back, integral ones integers, as in the records. Quantiles are those of the
// centroids as they were sent, nothing merged.
#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace agent::app {

struct Quantile {
    std::string typed;
    double q = 0; // 0 to 1

    bool operator==(const Quantile&) const = default;
};

// A comma-separated list of decimals from 0 to 1, blanks around each allowed; nothing where it is wrong or one is given
// twice in the same spelling.
[[nodiscard]] std::optional<std::vector<Quantile>> parse_quantiles(std::string_view list);

struct DigestShowOptions {
    bool json = false;
    std::vector<Quantile> quantiles{};
    std::size_t chart_columns = 0; // how wide the chart of the text form may be; 0: no chart
};

// Returns the exit code: failure if any line was bad.
int show_digests(std::istream& in, std::ostream& out, std::ostream& err, const DigestShowOptions& options);

} // namespace agent::app
