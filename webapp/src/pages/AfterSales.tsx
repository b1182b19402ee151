export { AfterSalesPage as default } from "./Room";
