// The files panel of the workshop: what is dropped or chosen there goes straight to the bucket. docs/uploads.md tells how.
import { Panel } from "./upload-panel.js";

for (const root of document.querySelectorAll(".files-panel[data-start]")) new Panel(root);
