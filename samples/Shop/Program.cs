using System.Runtime.InteropServices;
using Shop;
using Shop.Display;
using Shop.Running;
using Shop.Story;
using Spectre.Console;

ShopOptions options;
try
{
    if (args is ["--help" or "-h"])
    {
        Console.WriteLine(ShopOptions.Usage);
        return 0;
    }
    options = ShopOptions.Parse(args);
}
catch (UsageException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{ShopOptions.Usage}");
    return 2;
}
if (options.Role is { } role)
    return await ServiceProcess.RunAsync(role, options.Generation, options.Data!, options.Carrier);

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var screen = new Screen(options.Json);
try
{
    using var directory = RunDirectory.Open(options);
    ShopReport? report = null;
    await screen.Display.RunAsync(async () =>
        report = await new ShopRun(options, directory.Path, screen.Display, TimeProvider.System).PlayAsync(stop.Token)
    );
    ReportTable.Write(screen.Console, report!);
    if (options.Json)
        Console.WriteLine(report!.ToJson());
    return report!.Equal ? 0 : 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    screen.Console.WriteLine("Interrupted before the verdict.");
    return 130;
}
catch (Exception e)
{
    // Whatever ended the run before its verdict: it is no success, and whoever reads standard error wants all of it.
    screen.Console.WriteLine($"The run failed: {e}");
    if (options.Json)
        Console.WriteLine(ShopReport.FailureJson(e));
    return 1;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
