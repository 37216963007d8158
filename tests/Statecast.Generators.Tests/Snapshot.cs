using System.Runtime.CompilerServices;
using Xunit;

namespace Statecast.Generators.Tests;

/// <summary>
/// Compares a text with the approved file of the test. A difference leaves a <c>.received</c> file beside it;
/// <c>STATECAST_APPROVE=1</c> makes what is received the approved one.
/// </summary>
internal static class Snapshot
{
    public static void Matches(string received, [CallerMemberName] string name = "", [CallerFilePath] string caller = "")
    {
        var folder = Path.Combine(Path.GetDirectoryName(caller)!, "Approved");
        var approvedFile = Path.Combine(folder, name + ".approved.txt");
        var receivedFile = Path.Combine(folder, name + ".received.txt");
        File.Delete(receivedFile);
        if (Environment.GetEnvironmentVariable("STATECAST_APPROVE") == "1")
            File.WriteAllText(approvedFile, received);
        var approved = File.Exists(approvedFile) ? File.ReadAllText(approvedFile) : "";
        if (approved == received)
            return;
        File.WriteAllText(receivedFile, received);
        Assert.Fail($"{name} differs from its approved file at {FirstDifference(approved, received)}. Compare {receivedFile}.");
    }

    private static string FirstDifference(string approved, string received)
    {
        var (left, right) = (approved.Split('\n'), received.Split('\n'));
        for (var i = 0; i < Math.Max(left.Length, right.Length); i++)
            if (left.ElementAtOrDefault(i) != right.ElementAtOrDefault(i))
                return $"line {i + 1}:\n  approved: {left.ElementAtOrDefault(i)}\n  received: {right.ElementAtOrDefault(i)}";
        return "no line";
    }
}
