export { NetworkPage as default } from "./Room";
