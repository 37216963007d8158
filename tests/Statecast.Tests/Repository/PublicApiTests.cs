using System.Reflection;
using System.Text;
using Xunit;

namespace Statecast.Tests.Repository;

/// <summary>The public surface of every package stands in an approved text file: a change of it is seen in review.</summary>
public sealed class PublicApiTests
{
    public static TheoryData<string> Packages =>
        ["Statecast", "Statecast.Sqlite", "Statecast.Kafka", "Statecast.RabbitMQ", "Statecast.EntityFrameworkCore"];

    [Theory, MemberData(nameof(Packages))]
    public void Public_surface_is_the_approved_one(string package)
    {
        var approved = Path.Combine(RepositoryRoot.Path, "tests", "Statecast.Tests", "Repository", "api", $"{package}.txt");
        var surface = PublicSurface.Of(Assembly.Load(package));
        if (Environment.GetEnvironmentVariable("STATECAST_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(approved)!);
            File.WriteAllText(approved, surface);
        }
        Assert.True(
            File.Exists(approved),
            $"{approved} is missing: run the tests once with STATECAST_APPROVE=1 and review what it writes."
        );
        Assert.Equal(File.ReadAllText(approved), surface);
    }
}

/// <summary>Renders an assembly's exported types and members, one a line, sorted.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(Name(type)).Append(Bases(type)).Append('\n');
            foreach (var line in type.GetMembers(Declared).Select(Line).OfType<string>().Distinct().Order(StringComparer.Ordinal))
                text.Append("    ").Append(line).Append('\n');
        }
        return text.ToString();
    }

    private static string? Line(MemberInfo member) =>
        member switch
        {
            ConstructorInfo c when Visible(c) => $"new({Parameters(c)})",
            MethodInfo m when Visible(m) && !m.IsSpecialName && !m.Name.Contains('<', StringComparison.Ordinal) =>
                $"{Static(m)}{Name(m.ReturnType)} {m.Name}{Generics(m)}({Parameters(m)})",
            MethodInfo m when Visible(m) && m.Name.StartsWith("op_", StringComparison.Ordinal) =>
                $"static {Name(m.ReturnType)} {m.Name}({Parameters(m)})",
            PropertyInfo p when (p.GetMethod ?? p.SetMethod) is { } accessor && Visible(accessor) =>
                $"{Static(accessor)}{Name(p.PropertyType)} {p.Name} {{ {(p.GetMethod is { } g && Visible(g) ? "get; " : "")}{(p.SetMethod is { } s && Visible(s) ? "set; " : "")}}}",
            FieldInfo f when f.IsPublic || f.IsFamily => f.IsLiteral
                ? $"const {Name(f.FieldType)} {f.Name} = {f.GetRawConstantValue()}"
                : $"{(f.IsStatic ? "static " : "")}{Name(f.FieldType)} {f.Name}",
            EventInfo e => $"event {Name(e.EventHandlerType!)} {e.Name}",
            _ => null,
        };

    private static bool Visible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Static(MethodBase method) => method.IsStatic ? "static " : "";

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}"));

    private static string Kind(Type type) =>
        type.IsInterface ? "interface"
        : type.IsEnum ? "enum"
        : type.IsValueType ? "struct"
        : type.IsAbstract && type.IsSealed ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class"
        : "class";

    private static string Bases(Type type)
    {
        var bases = type.GetInterfaces()
            .Where(i => i.IsPublic && !i.Name.StartsWith("IEquatable", StringComparison.Ordinal))
            .Select(Name)
            .Order(StringComparer.Ordinal)
            .ToList();
        if (type is { IsClass: true, BaseType: { } b } && b != typeof(object))
            bases.Insert(0, Name(b));
        return bases.Count == 0 || type.IsEnum ? "" : " : " + string.Join(", ", bases);
    }

    private static string Name(Type type)
    {
        if (type.IsByRef)
            return "ref " + Name(type.GetElementType()!);
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (type.IsGenericParameter)
            return type.Name;
        var name = type.IsNested ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Name;
        var tick = name.IndexOf('`', StringComparison.Ordinal);
        if (tick >= 0)
            name = name[..tick];
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
