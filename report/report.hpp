// The results page: one HTML file that loads nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/report/bar_chart.hpp>
#include <t2ue/report/chart.hpp>
#include <t2ue/report/text_table.hpp>

namespace t2ue {

/// A figure at the top of the page: "25.4 -> 11.2", with what it is above and what it means below.
struct KeyFigure {
  std::string label;
  std::string value;
  std::string note;
};

/// A named line of the page's record: "recipe hash", "split hash", "seeds", "device", "version", ...
struct Fact {
  std::string name;
  std::string value;
};

/// One picture three times, each as the bytes of a PNG file.
struct PictureExample {
  std::string caption;
  std::vector<uint8_t> clean;
  std::vector<uint8_t> noise;  ///< drawn by amplified_noise()
  std::vector<uint8_t> protected_picture;
};

/// A grid of clean, noise and protected pictures; the noise row is labelled "noise x<gain>, grey = 0".
struct PictureGrid {
  std::string title;
  int noise_gain = 12;
  std::vector<PictureExample> examples;
};

/// Pictures side by side, each as the bytes of a PNG file with what it shows.
struct PictureRow {
  struct Picture {
    std::string name;
    std::vector<uint8_t> png;
  };
  std::string name;
  std::vector<Picture> pictures;
};

/// Rows of pictures under one title. Rows may have different numbers of them.
struct PictureGallery {
  std::string title;
  std::vector<PictureRow> rows;
  std::string note;
};

/// A section of the page; what is empty is left out. Use ResultsTable::score_table() and detail_table() for
/// results.
struct ReportSection {
  std::string title;
  std::string text;
  std::vector<TextTable> tables;
  std::vector<BarChart> bars;
  std::vector<Chart> charts;
  std::vector<PictureGrid> grids;
  std::vector<PictureGallery> galleries;
};

/// Everything on the page, as plain text: the writer escapes it. Rows of results get their colours by their
/// first appearance in a chart, and the same colour marks them in the tables.
struct Report {
  std::string title;
  std::string summary;  ///< one paragraph
  std::vector<KeyFigure> key_figures;
  std::vector<ReportSection> sections;
  std::vector<Fact> facts;
  std::string results_json = "{}";  ///< embedded as `<script type="application/json" id="results">`
};

/// Noise of whole 8-bit steps as 8-bit values to look at: 128 + gain * step, clipped to [0, 255].
std::vector<uint8_t> amplified_noise(std::span<const int8_t> steps, int gain);

/// The page. Throws Error for a picture that is not a PNG, a table row with too few or many cells, a chart
/// that cannot be drawn, and results that are not JSON.
std::string report_html(const Report& report);

/// Writes report_html() to `path`, atomically.
void write_report(const std::filesystem::path& path, const Report& report);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/report/report.inl.hpp>
#endif
