using Statecast.Aot;

// Published under Native AOT and run by the repository's tests: each part proves by running that it needs no reflection.
(string Name, Func<Task> Prove)[] proofs =
[
    ("contracts and codecs", ContractProof.RunAsync),
    ("schemas of a registry", RegistryProof.RunAsync),
    ("a source and two targets in their hosts", HostProof.RunAsync),
];
foreach (var (name, prove) in proofs)
{
    await prove();
    Console.WriteLine($"{name}: proven");
}
return 0;
