using System.Runtime.InteropServices;
using Shop.Display;
using Shop.Services;
using Shop.Upgrade;

namespace Shop.Running;

/// <summary>
/// The inside of a service process. It says its address on standard output and what goes wrong on standard error, and stops when its standard input ends:
/// so it also ends when the process that started it is gone.
/// </summary>
internal static class ServiceProcess
{
    public static async Task<int> RunAsync(Role role, Generation generation, string directory, ShopCarrier carrier)
    {
        // Ctrl+C reaches the whole process group: whoever started this process decides when it stops.
        using var ignored = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        var logging = new LineLoggerProvider((level, line) => Console.Error.WriteLine($"{level}: {line}"));
        await using var app = await RoleHost.StartAsync(role, generation, new(directory, logging, carrier), CancellationToken.None);
        Console.WriteLine(app.Urls.First());
        while (await Console.In.ReadLineAsync() is not null) { }
        await app.StopAsync();
        return 0;
    }
}
