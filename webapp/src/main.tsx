import { createRoot } from "react-dom/client";
import { App } from "./App";
import { startLive } from "./live";
import "./style.css";

startLive();
createRoot(document.getElementById("app")!).render(<App />);
