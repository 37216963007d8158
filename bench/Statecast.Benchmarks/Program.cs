using BenchmarkDotNet.Running;
using Statecast.Benchmarks.Capture;
using Statecast.Benchmarks.Codecs;
using Statecast.Benchmarks.Dispatch;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Kafka;
using Statecast.Benchmarks.Log;
using Statecast.Benchmarks.RabbitMQ;
using Statecast.Benchmarks.Replicas;

if (args is [ChildProcess.RoleOption, var role, var way, var directory])
{
    await LogRoles.RunAsync(role, way, directory);
    return 0;
}
if (args.Contains("--quick"))
    return await QuickRun.RunAsync(
        [
            new CaptureSuite(),
            new LogSuite(),
            new JsonSuite(),
            new AvroSuite(),
            new ReplicaSuite(),
            new GrowthSuite(),
            new DispatchSuite(),
            new KafkaSuite(),
            new RabbitSuite(),
        ],
        args
    );

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
