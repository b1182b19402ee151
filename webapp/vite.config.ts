import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Built into the Python package; `npm run dev` talks to a `beachhead serve` on its default port.
export default defineConfig({
  plugins: [react()],
  build: { outDir: "../src/beachhead/web/static", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8765", ws: true } } },
});
