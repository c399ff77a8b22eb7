// Pictures that the page shows: weights and confusions as colours, and how a picture gets into HTML.
#pragma once

#include "vggen/io/image.hpp"
#include "vggen/report/metrics.hpp"
#include "vggen/report/training_report.hpp"

#include <string>

namespace vggen::detail {

/// Returns `picture` as a URL that holds it.
[[nodiscard]] std::string data_url(const image &picture);

/// Returns `picture` with each pixel as a square of `factor` by `factor`.
[[nodiscard]] image magnified(const image &picture, int factor);

/// Returns a filter as a picture: inputs `first_input` to `first_input` + 2 as red, green and blue if
/// `coloured`, else `first_input` as grey. Zero is mid-grey, and the weight of the largest magnitude, which
/// goes to `largest`, is black or full; weights that are not finite are mid-grey.
[[nodiscard]] image filter_picture(const filter_bank &bank, int output, int first_input, bool coloured,
                                   float &largest);

/// How strongly a cell beside the diagonal is coloured, from 0 to 1, for its share of its row: so that rare
/// confusions are seen too.
[[nodiscard]] double wrong_strength(double share);

/// Returns a pixel for each count, true classes downwards: white for none, blue on the diagonal, orange
/// beside it.
[[nodiscard]] image confusion_picture(const confusion_matrix &matrix);

} // namespace vggen::detail
