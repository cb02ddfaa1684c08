import { TrainPage } from "@/features/train/train-page";

export default function Page() {
  return <TrainPage />;
}
