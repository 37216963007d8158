using Statecast.Aot;

// Published under Native AOT and run by the repository's tests: each part proves by running that it needs no reflection.
(string Name, Action Prove)[] proofs = [("contracts and codecs", ContractProof.Run)];
foreach (var (name, prove) in proofs)
{
    prove();
    Console.WriteLine($"{name}: proven");
}
return 0;
