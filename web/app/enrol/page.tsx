import { EnrolPage } from "@/features/enrol/enrol-page";

export default function Page() {
  return <EnrolPage />;
}
