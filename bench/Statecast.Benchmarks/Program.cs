using BenchmarkDotNet.Running;
using Statecast.Benchmarks.Codecs;
using Statecast.Benchmarks.Harness;

if (args.Contains("--quick"))
    return await QuickRun.RunAsync([new JsonSuite(), new AvroSuite()], args);

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
