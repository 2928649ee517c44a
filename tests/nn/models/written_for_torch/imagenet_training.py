"""The training program of a larger project: meters, top-k accuracy, groups of parameters, schedules, checkpoints."""
import copy
import math
import os
import time

import torch
import torch.backends.cudnn as cudnn
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.parallel
import torch.optim
import torch.utils.data
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, Dataset, Subset, random_split


class Blobs(Dataset):
    """Images whose class is where they are bright."""

    def __init__(self, images, labels, transform=None):
        self.images = images
        self.labels = labels
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, idx):
        if torch.is_tensor(idx):
            idx = idx.tolist()
        image = torch.from_numpy(self.images[idx])
        if self.transform:
            image = self.transform(image)
        return image, int(self.labels[idx])


class AverageMeter(object):
    """Computes and stores the average and current value"""

    def __init__(self, name, fmt=":f"):
        self.name = name
        self.fmt = fmt
        self.reset()

    def reset(self):
        self.val = 0
        self.avg = 0
        self.sum = 0
        self.count = 0

    def update(self, val, n=1):
        self.val = val
        self.sum += val * n
        self.count += n
        self.avg = self.sum / self.count

    def __str__(self):
        fmtstr = "{name} {val" + self.fmt + "} ({avg" + self.fmt + "})"
        return fmtstr.format(**self.__dict__)


def accuracy(output, target, topk=(1,)):
    """Computes the accuracy over the k top predictions for the specified values of k"""
    with torch.no_grad():
        maxk = max(topk)
        batch_size = target.size(0)
        _, pred = output.topk(maxk, 1, True, True)
        pred = pred.t()
        correct = pred.eq(target.view(1, -1).expand_as(pred))
        res = []
        for k in topk:
            correct_k = correct[:k].reshape(-1).float().sum(0, keepdim=True)
            res.append(correct_k.mul_(100.0 / batch_size))
        return res


class Ema:
    def __init__(self, model, decay=0.9):
        self.module = copy.deepcopy(model)
        self.module.eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, model):
        for ema_v, model_v in zip(self.module.state_dict().values(), model.state_dict().values()):
            if ema_v.dtype.is_floating_point:
                ema_v.copy_(ema_v * self.decay + (1.0 - self.decay) * model_v)


def net():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 6))


def parameter_groups(model, weight_decay):
    decay, no_decay = [], []
    for name, param in model.named_parameters():
        if not param.requires_grad:
            continue
        if len(param.shape) == 1 or name.endswith(".bias"):
            no_decay.append(param)
        else:
            decay.append(param)
    return [{"params": no_decay, "weight_decay": 0.0}, {"params": decay, "weight_decay": weight_decay}]


def mixup(input, target, lam=0.7):
    index = torch.arange(input.size(0) - 1, -1, -1)
    return lam * input + (1 - lam) * input[index, :], target, target[index], lam


def train(loader, model, criterion, optimizer, scheduler, ema, seen):
    losses, top1 = AverageMeter("Loss", ":.4e"), AverageMeter("Acc@1", ":6.2f")
    model.train()
    end = time.time()
    for i, (images, target) in enumerate(loader):
        images = images.cuda(non_blocking=True) if torch.cuda.is_available() and False else images
        mixed, target_a, target_b, lam = mixup(images, target)
        output = model(mixed)
        loss = lam * criterion(output, target_a) + (1 - lam) * criterion(output, target_b)
        acc1, acc5 = accuracy(output, target, topk=(1, 5))
        losses.update(loss.item(), images.size(0))
        top1.update(acc1[0].item(), images.size(0))
        for param in model.parameters():
            param.grad = None
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        scheduler.step()
        ema.update(model)
        seen += [loss.item(), acc1.item(), acc5.item(), float(norm), optimizer.param_groups[1]["lr"]]
        assert time.time() >= end
    return f"{losses} {top1}"


@torch.no_grad()
def validate(loader, model, criterion):
    model.eval()
    total, right = 0.0, 0
    for images, target in loader:
        output = model(images)
        total += criterion(output, target).item() * len(target)
        _, predicted = torch.max(output.data, 1)
        right += (predicted == target).sum().item()
    return total / len(loader.dataset), right


def run(images, labels, weights, folder):
    cudnn.benchmark = True
    torch.manual_seed(0)
    scale = lambda image: image.mul(2).sub_(1.0)  # noqa: E731
    dataset = Blobs(images, labels, scale)
    parts = random_split(dataset, [len(dataset) - 4, 4], generator=torch.Generator().manual_seed(0))
    assert sorted(map(len, parts)) == [4, len(dataset) - 4]
    train_set = Subset(dataset, list(range(len(dataset) - 4)))
    loader = DataLoader(train_set, batch_size=8, shuffle=False, num_workers=0, pin_memory=False)
    val_loader = DataLoader(dataset, batch_size=16)
    model = net().double()
    model.load_state_dict(weights)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.SGD(parameter_groups(model, 5e-4), lr=0.1, momentum=0.9, nesterov=True)
    steps = 3 * len(loader)
    warmup = lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=2)
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps - 2)
    scheduler = lr_scheduler.SequentialLR(optimizer, [warmup, cosine], milestones=[2])
    ema, seen = Ema(model), []
    best_loss = math.inf
    for epoch in range(3):
        train(loader, model, criterion, optimizer, scheduler, ema, seen)
        loss, right = validate(val_loader, model, criterion)
        seen += [loss, right, validate(val_loader, ema.module, F.cross_entropy)[0]]
        if loss < best_loss:
            best_loss = loss
            torch.save(model.state_dict(), os.path.join(folder, "best.npz"))
    return seen, {k: v.numpy() for k, v in model.state_dict().items()}
