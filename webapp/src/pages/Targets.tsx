export { TargetsPage as default } from "./Room";
