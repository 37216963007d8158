using System.Runtime.InteropServices;
using PackageCatalog;
using PackageCatalog.Reading;
using PackageCatalog.Running;

CatalogOptions options;
try
{
    if (args is ["--help" or "-h"])
    {
        Console.WriteLine(CatalogOptions.Usage);
        return 0;
    }
    options = CatalogOptions.Parse(args);
}
catch (UsageException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{CatalogOptions.Usage}");
    return 2;
}

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
if (options.IsSearch)
    return await SearchProcess.ServeAsync(options.FilesIn(options.Data!));

var output = options.Json ? Console.Error : Console.Out;
try
{
    using var directory = RunDirectory.Open(options.Data);
    var run = new CatalogRun(options, options.FilesIn(directory.Path), new(output, TimeProvider.System), TimeProvider.System);
    var report = await run.PlayAsync(stop.Token);
    foreach (var line in report.ToLines())
        output.WriteLine(line);
    if (options.Json)
        Console.WriteLine(report.ToJson());
    return report.Equal ? 0 : 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Interrupted before the verdict.");
    return 130;
}
catch (Exception e)
{
    // What an input file or a path does wrong needs no stack; anything else is ours, and whoever mends it wants all of it.
    var failure = e is PackageFormatException or IOException or UnauthorizedAccessException ? e.Message : e.ToString();
    Console.Error.WriteLine($"The run failed: {failure}");
    if (options.Json)
        Console.WriteLine(CatalogReport.FailureJson(e));
    return 1;
}

void Stop(PosixSignalContext signal)
{
    // In the search process this only keeps the signal from ending it: the process that started it decides.
    signal.Cancel = true;
    stop.Cancel();
}
