using Spectre.Console;

namespace Shop.Display;

/// <summary>Where a run is shown: live on a terminal, in plain lines elsewhere; on standard error where standard output belongs to the JSON object.</summary>
internal sealed class Screen : IDisposable
{
    public Screen(bool json)
    {
        var output = json ? System.Console.Error : System.Console.Out;
        var terminal = !json && !System.Console.IsOutputRedirected && WantsColour();
        Console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(output),
                Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No,
                ColorSystem = terminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
                Interactive = terminal ? InteractionSupport.Detect : InteractionSupport.No,
            }
        );
        if (!terminal)
            Console.Profile.Width = 160;
        Display = terminal ? new LiveDisplay(Console) : new PlainDisplay(output, TimeProvider.System);
    }

    public IAnsiConsole Console { get; }

    public IDisplay Display { get; }

    public void Dispose() => System.Console.Out.Flush();

    private static bool WantsColour() =>
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";
}
