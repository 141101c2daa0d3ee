"use strict";
// Dropping and pasting files, and Ctrl-Enter. Everything else the form does by itself.
const form = document.forms[0];
const field = form.elements.namedItem("file");
const text = form.elements.namedItem("text");
const over = (on) => document.documentElement.classList.toggle("over", on);

const take = (data) => {
  if (data.files.length > 0) {
    field.files = data.files;
  } else {
    text.value = data.getData("text/plain");
  }
  form.requestSubmit();
};

addEventListener("dragover", (event) => {
  event.preventDefault();
  over(true);
});
addEventListener("dragleave", () => over(false));
addEventListener("drop", (event) => {
  event.preventDefault();
  over(false);
  take(event.dataTransfer);
});
addEventListener("paste", (event) => {
  if (event.clipboardData.files.length > 0) {
    event.preventDefault();
    take(event.clipboardData);
  }
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    form.requestSubmit();
  }
});
