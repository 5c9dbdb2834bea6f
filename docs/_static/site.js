// a table that scrolls can be reached by keyboard; the corner of a data frame is no heading
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".bd-article table")) table.tabIndex = 0;
  for (const corner of document.querySelectorAll("table.dataframe th:empty"))
    corner.replaceWith(document.createElement("td"));
});
